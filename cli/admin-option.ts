/** The `--admin URL` of the commands that talk to a running process. */
import { type Command, Option } from 'commander';

export const DEFAULT_ADMIN = 'http://127.0.0.1:15000';

export function withAdminOption(command: Command): Command {
  return command.addOption(
    new Option('--admin <address>', 'its admin address: http://host:port or unix:/path')
      .env('OUTRIGGER_ADMIN')
      .default(DEFAULT_ADMIN),
  );
}
