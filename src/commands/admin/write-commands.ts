import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { Argument, Command, Option } from 'commander';
import { type Scope, SCOPES } from '../../admin/access/scopes.js';
import type { AdminActor } from '../../admin/index.js';
import type { BlockKind } from '../../verification/index.js';
import { type Confirmation, destructive, inApplication, refused, unlessConfirmed } from '../run-command.js';
import { email, futureMoment, phoneNumber, readNumber, text, uuid, wholeNumber } from '../values.js';

export interface Reason {
  reason: string;
}
/** Whom a command is about. */
export type Person = Reason & { number?: string; user?: string };

const BLOCK_KINDS = ['number', 'prefix', 'country', 'address'] satisfies BlockKind[];
const TEN_YEARS_IN_HOURS = 87_600;
const TEN_YEARS_IN_DAYS = 3650;

/** Who types, as the audit has it. */
export const actor = (): AdminActor => `cli:${userInfo().username}`;

/** A command that changes something. */
export const writeCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .requiredOption('--reason <text>', 'why; for the audit (3 to 500 characters)', text(3, 500));

/** Makes a command ask for a number, a user or both. */
export const ofPerson = (command: Command): Command =>
  command
    .option('--number <number>', 'a phone number with its country code', phoneNumber)
    .option('--user <id>', 'a user', text(1, 200))
    .hook('preAction', () => {
      const { number, user } = command.opts<Partial<Person>>();
      if (!number && !user) command.error('error: say whom with --number or --user');
    });

/** Commands about one thing or one person. */
export function writeCommands(): Command[] {
  const cancel = writeCommand('cancel', 'end a live request')
    .argument('<id>', 'of the request', uuid)
    .action(
      inApplication(async ({ get, admin }, id: string, { reason }: Reason) => {
        const result = await get(admin.Interventions).cancel(actor(), id, reason);
        return result.ok
          ? { result: { status: result.request.status }, lines: ['cancelled'] }
          : refused(result.code, { code: result.code });
      }),
    );

  const liftLock = ofPerson(writeCommand('lift-lock', 'forget the wrong codes of a number or a user')).action(
    inApplication(async ({ get, admin }, { number, user, reason }: Person) => {
      const interventions = get(admin.Interventions);
      const byNumber = number
        ? await interventions.liftLock(actor(), { phoneNumber: number }, reason)
        : false;
      const byUser = user ? await interventions.liftLock(actor(), { userId: user }, reason) : false;
      return byNumber || byUser
        ? { result: { lifted: true }, lines: ['lifted'] }
        : refused('there was nothing to lift', { lifted: false });
    }),
  );

  const block = writeCommand(
    'block',
    'stop messages to a number, a 6-digit prefix or a country, or those requested from an address',
  )
    .addArgument(new Argument('<kind>').choices(BLOCK_KINDS))
    .argument('<value>')
    .option(
      '--hours <hours>',
      'for how long; defaults to until it is lifted',
      wholeNumber(TEN_YEARS_IN_HOURS),
    )
    .option('--until <moment>', 'until when instead (ISO 8601; UTC without a zone)', futureMoment)
    .hook('preAction', async (_program, command) => {
      const { readBlockTarget } = await import('../../admin/blocks/block-target.js');
      const [kind, value] = command.args as [BlockKind, string];
      if (!readBlockTarget(kind, value, readNumber))
        command.error(`error: "${value}" is not a valid ${kind} to block`);
    })
    .action(
      inApplication(
        async (
          { get, admin },
          kind: BlockKind,
          value: string,
          options: Reason & { hours?: number; until?: Date },
        ) => {
          const blocked = await get(admin.Blocks).block(actor(), { kind, value, ...options });
          return blocked
            ? { result: blocked, lines: [`${blocked.id}  ${blocked.kind} ${blocked.label}`] }
            : refused(`"${value}" is not a valid ${kind} to block`);
        },
      ),
    );

  const unblock = writeCommand('unblock', 'lift a block')
    .argument('<id>', 'of the block', uuid)
    .action(
      inApplication(async ({ get, admin }, id: string, { reason }: Reason) => {
        const lifted = await get(admin.Blocks).unblock(actor(), id, reason);
        return lifted ? { result: lifted, lines: ['lifted'] } : refused('there is no such block');
      }),
    );

  const liftStop = writeCommand('lift-stop', 'let messages go again to a destination that stopped by itself')
    .addArgument(new Argument('<scope>').choices(['prefix', 'country']))
    .argument('<label>', 'six digits, or the code of a country')
    .hook('preAction', (_program, command) => {
      const [scope, label] = command.args as [string, string];
      if (!(scope === 'prefix' ? /^[1-9]\d{5}$/ : /^[A-Z]{2}$/).test(label))
        command.error(`error: "${label}" is not a ${scope} such as ${scope === 'prefix' ? '141555' : 'US'}`);
    })
    .action(
      inApplication(
        async ({ get, admin }, scope: 'prefix' | 'country', label: string, { reason }: Reason) => {
          const lifted = await get(admin.Blocks).liftStop(actor(), scope, label, reason);
          return lifted ? { result: lifted, lines: ['lifted'] } : refused('it has not stopped');
        },
      ),
    );

  const reset = destructive(writeCommand('reset-factors', 'remove all second factors of a user'))
    .argument('<user>', 'the id of the user', text(1, 200))
    .action(
      inApplication(
        async ({ get, admin }, user: string, { reason, ...confirmation }: Reason & Confirmation) => {
          const interventions = get(admin.Interventions);
          const unconfirmed = await unlessConfirmed(confirmation, async () => {
            const factors = await interventions.countFactors(user);
            return {
              result: { factors },
              lines: [`User ${user} loses ${factors} factors, the recovery codes, and all sessions.`],
            };
          });
          if (unconfirmed) return unconfirmed;
          const removed = await interventions.resetFactors(actor(), user, reason);
          return { result: { removed }, lines: [`${removed} factors removed`] };
        },
      ),
    );

  const reveal = writeCommand('reveal', 'print the whole number of a request')
    .argument('<id>', 'of the request', uuid)
    .action(
      inApplication(async ({ get, admin }, id: string, { reason }: Reason) => {
        const number = await get(admin.Interventions).reveal(actor(), id, reason);
        return number
          ? { result: { phoneNumber: number }, lines: [number] }
          : refused('there is none', { phoneNumber: null });
      }),
    );

  const create = writeCommand('create-token', 'create an API token, which is printed only once')
    .argument('<name>', 'what it is for', text(1, 60))
    .addOption(new Option('--scope <scopes...>', 'what it may do').choices(SCOPES).makeOptionMandatory())
    .option('--days <days>', 'for how long; defaults to until it is revoked', wholeNumber(TEN_YEARS_IN_DAYS))
    .option('--until <moment>', 'until when instead (ISO 8601; UTC without a zone)', futureMoment)
    .action(
      inApplication(
        async (
          { get, admin },
          name: string,
          options: Reason & { scope: Scope[]; days?: number; until?: Date },
        ) => {
          const { scope, ...more } = options;
          const scopes = [...new Set(scope)];
          const { record, token } = await get(admin.ApiTokens).create(actor(), { name, scopes, ...more });
          return { result: { id: record.id, token }, lines: [token] };
        },
      ),
    );

  const revoke = destructive(
    writeCommand('revoke-token', 'revoke an API token and all tokens that were created with it'),
  )
    .argument('<id>', 'of the token', uuid)
    .action(
      inApplication(
        async ({ get, admin }, id: string, { reason, ...confirmation }: Reason & Confirmation) => {
          const tokens = get(admin.ApiTokens);
          const unknown = refused('there is no such token, or it was revoked before', { revoked: false });
          const unconfirmed = await unlessConfirmed(confirmation, async () => {
            const lost = await tokens.findRevocable(id);
            const lines = lost.map((token) => `${token.id}  ${token.name} will not work any more`);
            return lost.length > 0 ? { result: { tokens: lost }, lines } : unknown;
          });
          if (unconfirmed) return unconfirmed;
          const revoked = await tokens.revoke(actor(), id, reason);
          return revoked ? { result: { revoked: true }, lines: ['revoked'] } : unknown;
        },
      ),
    );

  const setPassword = destructive(
    writeCommand(
      'set-password',
      'give an account a random password, which is printed only once; ends its sessions',
    ),
  )
    .argument('<email>', 'of the account', email)
    .action(
      inApplication(async ({ get, admin, host }, address: string, options: Reason & Confirmation) => {
        const { reason, ...confirmation } = options;
        const user = await get(host.Users).findByEmail(address);
        if (!user) return refused('there is no such account');
        const unconfirmed = await unlessConfirmed(confirmation, async () => ({
          result: { email: user.email },
          lines: [`${user.email} loses the present password, all sessions and all trusted browsers.`],
        }));
        if (unconfirmed) return unconfirmed;
        const password = randomBytes(18).toString('base64url');
        const entry = { actor: actor(), action: 'password.set', target: `user ${user.id}`, reason };
        await get(host.PasswordChanges).change(user.id, password, {
          also: async (sql) => {
            await get(admin.AuditLog).appendIn(sql, entry);
            return true;
          },
        });
        return { result: { password }, lines: [password] };
      }),
    );
  return [cancel, liftLock, block, unblock, liftStop, reset, reveal, create, revoke, setPassword];
}
