/** What wrk sends: requests of a thousand users in turn, formatted once. */
import { UPLOAD_BYTES } from './upstream.ts';

export const USERS = 1_000;

export interface Shape {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Used in turn. */
  readonly hosts?: readonly string[];
}

export function wrkScript({ method, path, hosts = ['users.example.org'] }: Shape): string {
  const body = method === 'POST' ? `string.rep("u", ${UPLOAD_BYTES})` : 'nil';
  return `local hosts = { ${hosts.map((host) => `"${host}"`).join(', ')} }
local requests = {}
local sent = 0
function init(args)
  local body = ${body}
  for i = 1, ${USERS} do
    local headers = { ["Host"] = hosts[(i - 1) % #hosts + 1], ["x-user-id"] = "user-" .. i }
    requests[i] = wrk.format("${method}", "${path}", headers, body)
  end
end
function request()
  sent = sent % ${USERS} + 1
  return requests[sent]
end
`;
}
