/** What wrk sends: requests of a thousand users in turn, formatted once. */
import { UPLOAD_BYTES } from './upstream.ts';

export const USERS = 1_000;

export interface Shape {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

export function wrkScript({ method, path }: Shape): string {
  const body = method === 'POST' ? `string.rep("u", ${UPLOAD_BYTES})` : 'nil';
  return `local requests = {}
local sent = 0
function init(args)
  local body = ${body}
  for i = 1, ${USERS} do
    requests[i] = wrk.format("${method}", "${path}", { ["Host"] = "users.example.org", ["x-user-id"] = "user-" .. i }, body)
  end
end
function request()
  sent = sent % ${USERS} + 1
  return requests[sent]
end
`;
}
