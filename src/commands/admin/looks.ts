import { Command } from 'commander';
import { AuditRepository, AuditVerifier, ApiTokens, Blocks, History, Statistics } from '../../admin/index.js';
import { JournalSealer, VerificationService } from '../../verification/index.js';
import { keptSealOf } from '../kept-seal.js';
import { running } from './running.js';

/** Commands that change nothing. */
export function lookCommands(program: Command): Command[] {
  const history = new Command('history')
    .description('requests, newest first, fifty a page; numbers are masked')
    .option('--from <moment>', 'begun at this moment (ISO 8601) or later')
    .option('--to <moment>', 'begun before it')
    .option('--status <status>', 'PENDING, VERIFIED, FAILED, EXPIRED or CANCELLED')
    .option('--country <code>')
    .option('--channel <channel>', 'sms or voice')
    .option('--purpose <purpose>')
    .option('--user <id>')
    .option('--number <number>', 'in any spelling with its country code')
    .option('--provider-request-id <id>')
    .option('--address <address>')
    .option('--reason <reason>', 'why it ended')
    .option('--after <id>', 'older than this request: the next page')
    .action((options: Record<string, string>) =>
      running(program, async (get) => {
        const { from, to, ...texts } = options;
        const { items, next } = await get(History).list({
          ...texts,
          ...(from ? { from: momentOf(from) } : {}),
          ...(to ? { to: momentOf(to) } : {}),
        });
        const last = items.at(-1);
        return {
          result: { items, after: next && last ? last.requestId : null },
          lines: [
            ...items.map(({ createdAt, status, phoneNumber, purpose, requestId, reason }) =>
              [createdAt, requestId, status, reason ?? '-', phoneNumber, purpose].join('  '),
            ),
            ...(next && last ? [`more: --after ${last.requestId}`] : []),
          ],
        };
      }),
    );

  const show = new Command('show')
    .description('one request: everything that happened, and why')
    .argument('<id>')
    .action((id: string) =>
      running(program, async (get) => {
        const found = await get(History).request(id);
        if (!found) return { result: null, lines: ['there is no such request'], refused: true };
        const { request, timeline, decisions } = found;
        return {
          result: found,
          lines: [
            `${request.requestId}  ${request.status}  ${request.phoneNumber}  ${request.purpose}`,
            ...timeline.map(({ at, what, by, detail }) => `${at}  ${what}  ${by}  ${detail ?? ''}`),
            ...decisions.flatMap(({ action, outcome, rule, rules }) => [
              `${action}: ${outcome}${rule ? ` (${rule})` : ''}`,
              ...rules.map(
                (each) =>
                  `  ${each.rule}: ${each.outcome} ${each.input ?? ''}${each.limit === undefined ? '' : `${each.used}/${each.limit}`}`,
              ),
            ]),
          ],
        };
      }),
    );

  const statistics = new Command('statistics')
    .description('starts, messages, conversion, time and cost')
    .option('--from <moment>')
    .option('--to <moment>')
    .option('--by <what>', 'hour, day, country, channel or provider-status', 'day')
    .action(({ from, to, by }: { from?: string; to?: string; by: 'day' }) =>
      running(program, async (get) => {
        const read = await get(Statistics).of({
          groupBy: by,
          ...(from ? { from: momentOf(from) } : {}),
          ...(to ? { to: momentOf(to) } : {}),
        });
        const line = (counts: (typeof read)['total'], key = counts.key) =>
          `${key}  started ${counts.started}  messages ${counts.messages}  verified ${counts.verified}  median ${counts.medianSeconds ?? '-'} s`;
        return { result: read, lines: [...read.groups.map((each) => line(each)), line(read.total, 'total')] };
      }),
    );

  const blocks = new Command('blocks')
    .description('what is blocked, and what has stopped by itself')
    .action(() =>
      running(program, async (get) => {
        const [list, stops] = [await get(Blocks).list(), await get(Blocks).stops()];
        return {
          result: { blocks: list, stops },
          lines: [
            ...list.map(({ id, kind, label, reason }) => `${id}  ${kind} ${label}  ${reason}`),
            ...stops.map(
              ({ scope, label, started, verified }) =>
                `stopped  ${scope} ${label}  ${verified}/${started} verified`,
            ),
          ],
        };
      }),
    );

  const audit = new Command('audit').description('who did what, when, why');
  audit
    .command('list')
    .description('newest first, fifty a page')
    .option('--actor <actor>')
    .option('--action <action>')
    .option('--target <target>')
    .option('--after <number>', 'older than this entry', Number)
    .action((options: { actor?: string; action?: string; target?: string; after?: number }) =>
      running(program, async (get) => {
        const { items } = await get(AuditRepository).list(options);
        return {
          result: items,
          lines: items.map(({ number, at, actor, action, target, reason }) =>
            [number, at.toISOString(), actor, action, target ?? '-', reason].join('  '),
          ),
        };
      }),
    );
  audit
    .command('verify')
    .description('compare the entries with their seals, and name every change (then exit code 1)')
    .option('--seal <number:hash>', 'a seal that you kept elsewhere')
    .action(({ seal }: { seal?: string }) =>
      running(program, async (get) => {
        const report = await get(AuditVerifier).verify(seal ? keptSealOf(seal) : null);
        const { entries, notSealed, findings } = report;
        await get(JournalSealer).sealAll();
        return {
          result: report,
          refused: findings.length > 0,
          lines:
            findings.length === 0
              ? [`${entries} entries are as they were written, ${notSealed} are not sealed yet`]
              : findings.map(({ kind, number }) =>
                  kind.startsWith('seal-') ? `seal ${number}: ${kind}` : `entry ${number}: ${kind}`,
                ),
        };
      }),
    );

  const simulate = new Command('simulate')
    .description('what would become of a start now; sends, counts and records nothing')
    .argument('<number>')
    .option('--user <id>')
    .option('--confirmed', 'the number is a confirmed factor of the user')
    .option('--address <address>')
    .option('--channel <channel>', 'sms or voice', 'sms')
    .action(
      (
        phoneNumber: string,
        options: { user?: string; confirmed?: boolean; address?: string; channel: 'sms' },
      ) =>
        running(program, async (get) => {
          const { user, confirmed = false, address, channel } = options;
          const simulated = await get(VerificationService).simulateStart({
            phoneNumber,
            channel,
            confirmed,
            caller: { userId: user ?? null, address: address ?? null },
          });
          return {
            result: simulated,
            lines: [
              [simulated.outcome, simulated.rule, simulated.code].filter(Boolean).join('  '),
              ...simulated.rules.map((each) => `  ${each.rule}: ${each.outcome}`),
            ],
            refused: simulated.outcome === 'refused',
          };
        }),
    );

  const tokens = new Command('tokens').description('API tokens, newest first').action(() =>
    running(program, async (get) => {
      const list = await get(ApiTokens).list();
      return {
        result: list,
        lines: list.map(({ id, name, scopes, revokedAt }) =>
          [id, name, scopes.join(','), revokedAt ? 'revoked' : ''].join('  '),
        ),
      };
    }),
  );
  return [history, show, statistics, blocks, audit, simulate, tokens];
}

function momentOf(text: string): Date {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) throw new Error(`"${text}" is no moment such as 2026-11-23T00:00Z`);
  return moment;
}
