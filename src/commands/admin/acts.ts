import { Argument, type Command, Option } from 'commander';
import { ApiTokens, Blocks, Interventions, type Scope, SCOPES } from '../../admin/index.js';
import { BLOCK_KINDS, type BlockKind } from '../../verification/index.js';
import { act, actor, running } from './running.js';

interface Reason {
  reason: string;
}
/** Whom an act is about. */
type Person = Reason & { number?: string; user?: string };

export const person = (command: Command): Command =>
  command.option('--number <number>', 'a phone number with its country code').option('--user <id>', 'a user');

export function needsSomebody({ number, user }: Person): void {
  if (!number && !user) throw new Error('say whom: --number or --user');
}

/** Acts on one thing or one person. */
export function actCommands(program: Command): Command[] {
  const cancel = act('cancel', 'end a live request')
    .argument('<id>')
    .action((id: string, { reason }: Reason) =>
      running(program, async (get) => {
        const result = await get(Interventions).cancel(actor(), id, reason);
        return result.ok
          ? { result: { status: result.request.status }, lines: ['cancelled'] }
          : { result: { code: result.code }, lines: [result.code], refused: true };
      }),
    );

  const liftLock = person(act('lift-lock', 'forget the wrong codes of a number or a user')).action(
    (options: Person) =>
      running(program, async (get) => {
        needsSomebody(options);
        const { number, user, reason } = options;
        const acts = get(Interventions);
        const byNumber = number ? await acts.liftLock(actor(), { phoneNumber: number }, reason) : false;
        const byUser = user ? await acts.liftLock(actor(), { userId: user }, reason) : false;
        const lifted = byNumber || byUser;
        return {
          result: { lifted },
          lines: [lifted ? 'lifted' : 'there was nothing to lift'],
          refused: !lifted,
        };
      }),
  );

  const block = act(
    'block',
    'let no messages go to a number, a 6-digit prefix or a country, or be asked for from an address',
  )
    .addArgument(new Argument('<kind>').choices(BLOCK_KINDS))
    .argument('<value>')
    .option('--hours <hours>', 'for how long; defaults to until it is lifted', Number)
    .action((kind: BlockKind, value: string, { reason, hours }: Reason & { hours?: number }) =>
      running(program, async (get) => {
        const blocked = await get(Blocks).block(actor(), {
          kind,
          value,
          reason,
          ...(hours ? { hours } : {}),
        });
        return blocked
          ? { result: blocked, lines: [`${blocked.id}  ${blocked.kind} ${blocked.label}`] }
          : { result: null, lines: [`"${value}" is no ${kind}`], refused: true };
      }),
    );

  const unblock = act('unblock', 'lift a block')
    .argument('<id>')
    .action((id: string, { reason }: Reason) =>
      running(program, async (get) => {
        const lifted = await get(Blocks).unblock(actor(), id, reason);
        return { result: lifted, lines: [lifted ? 'lifted' : 'there is no such block'], refused: !lifted };
      }),
    );

  const liftStop = act('lift-stop', 'let messages go again to what stopped by itself')
    .argument('<scope>', 'prefix or country')
    .argument('<label>')
    .action((scope: 'prefix' | 'country', label: string, { reason }: Reason) =>
      running(program, async (get) => {
        const lifted = await get(Blocks).liftStop(actor(), scope, label, reason);
        return { result: lifted, lines: [lifted ? 'lifted' : 'it has not stopped'], refused: !lifted };
      }),
    );

  const reset = act('reset-factors', 'take all second factors from a user')
    .argument('<user>')
    .action((user: string, { reason }: Reason) =>
      running(program, async (get) => {
        const removed = await get(Interventions).resetFactors(actor(), user, reason);
        return { result: { removed }, lines: [`${removed} factors removed`] };
      }),
    );

  const reveal = act('reveal', 'print the whole number of a request')
    .argument('<id>')
    .action((id: string, { reason }: Reason) =>
      running(program, async (get) => {
        const phoneNumber = await get(Interventions).reveal(actor(), id, reason);
        return { result: { phoneNumber }, lines: [phoneNumber ?? 'there is none'], refused: !phoneNumber };
      }),
    );

  const create = act('create-token', 'make an API token; it is printed this once')
    .argument('<name>')
    .addOption(new Option('--scope <scopes...>', 'what it may do').choices(SCOPES).makeOptionMandatory())
    .option('--days <days>', 'how long it works', Number)
    .action((name: string, { reason, scope, days }: Reason & { scope: Scope[]; days?: number }) =>
      running(program, async (get) => {
        const made = await get(ApiTokens).create(actor(), {
          name,
          scopes: scope,
          reason,
          ...(days ? { days } : {}),
        });
        return { result: { id: made.record.id, token: made.token }, lines: [made.token] };
      }),
    );

  const revoke = act('revoke-token', 'revoke an API token')
    .argument('<id>')
    .action((id: string, { reason }: Reason) =>
      running(program, async (get) => {
        const revoked = await get(ApiTokens).revoke(actor(), id, reason);
        return {
          result: { revoked: revoked !== null },
          lines: [revoked ? 'revoked' : 'there is no such token'],
          refused: !revoked,
        };
      }),
    );
  return [cancel, liftLock, block, unblock, liftStop, reset, reveal, create, revoke];
}
