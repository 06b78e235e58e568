import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { AuditLog } from '../../admin/index.js';
import { PasswordChanges, Users } from '../../host/index.js';
import { act, actor, running } from './running.js';

/** Acts on accounts of the reference host. */
export function accountCommands(program: Command): Command[] {
  const setPassword = act(
    'set-password',
    'give an account a random password, printed this once; ends its sessions',
  )
    .argument('<email>')
    .action((email: string, { reason }: { reason: string }) =>
      running(program, async (get) => {
        const user = await get(Users).findByEmail(email);
        if (!user) return { result: null, lines: ['there is no such account'], refused: true };
        const password = randomBytes(18).toString('base64url');
        const entry = { actor: actor(), action: 'password.set', target: `user ${user.id}`, reason };
        await get(PasswordChanges).change(user.id, password, {
          also: async (sql) => {
            await get(AuditLog).appendIn(sql, entry);
            return true;
          },
        });
        return { result: { password }, lines: [password] };
      }),
    );
  return [setPassword];
}
