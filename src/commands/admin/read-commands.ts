import { Command, Option } from 'commander';
import type { AuditRepository } from '../../admin/index.js';
import type { Group } from '../../admin/statistics/statistics.repository.js';
import type { Channel, KeptSeal, PublicStatus } from '../../verification/index.js';
import { PUBLIC_STATUSES } from '../../verification/domain/lifecycle.js';
import { EXIT, inApplication, refused } from '../run-command.js';
import { address, country, moment, phoneNumber, seal, text, uuid, wholeNumber } from '../values.js';

const GROUPS = ['hour', 'day', 'country', 'channel', 'provider-status'] satisfies Group[];
const CHANNELS = ['sms', 'voice'] satisfies Channel[];
const LARGEST_NUMBER = Number.MAX_SAFE_INTEGER;

interface Simulated {
  user?: string;
  confirmed?: boolean;
  address?: string;
  channel: Channel;
}

interface Period {
  from?: Date;
  to?: Date;
}

/** A command over a period of time. */
const overPeriod = (command: Command): Command =>
  command
    .option('--from <moment>', 'at this moment or later (ISO 8601; UTC without a zone)', moment)
    .option('--to <moment>', 'before it', moment)
    .hook('preAction', () => {
      const { from, to } = command.opts<Period>();
      if (from && to && from >= to) command.error('error: --from must be before --to');
    });

/** Commands that change nothing. */
export function readCommands(): Command[] {
  const history = overPeriod(new Command('history'))
    .description('requests, newest first, fifty a page; numbers are masked')
    .addOption(new Option('--status <status>').choices(PUBLIC_STATUSES))
    .option('--country <code>', 'ISO 3166-1 alpha-2', country)
    .addOption(new Option('--channel <channel>').choices(CHANNELS))
    .option('--purpose <purpose>', 'what the proof was for', text(1, 200))
    .option('--user <id>', 'who asked', text(1, 200))
    .option('--number <number>', 'in any spelling with its country code', phoneNumber)
    .option('--provider-request-id <id>', 'of a message', text(1, 100))
    .option('--address <address>', 'from which it was asked', address)
    .option('--reason <reason>', 'why it ended', text(1, 100))
    .option('--after <id>', 'older than this request: the next page', uuid)
    .action(
      inApplication(async ({ get, admin }, filter: Period & { status?: PublicStatus }) => {
        const { items, next } = await get(admin.History).list(filter);
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
    .argument('<id>', 'of the request', uuid)
    .action(
      inApplication(async ({ get, admin }, id: string) => {
        const found = await get(admin.History).request(id);
        if (!found) return refused('there is no such request');
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

  const statistics = overPeriod(new Command('statistics'))
    .description('starts, messages, conversion, time and cost')
    .addOption(new Option('--by <what>').choices(GROUPS).default('day'))
    .action(
      inApplication(async ({ get, admin }, { by, ...period }: Period & { by: Group }) => {
        const read = await get(admin.Statistics).of({ groupBy: by, ...period });
        const line = (counts: (typeof read)['total'], key = counts.key) =>
          `${key}  started ${counts.started}  messages ${counts.messages}  verified ${counts.verified}  median ${counts.medianSeconds ?? '-'} s`;
        return { result: read, lines: [...read.groups.map((each) => line(each)), line(read.total, 'total')] };
      }),
    );

  const blocks = new Command('blocks').description('what is blocked, and what has stopped by itself').action(
    inApplication(async ({ get, admin }) => {
      const blocked = get(admin.Blocks);
      const [list, stops] = [await blocked.list(), await blocked.stops()];
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
  overPeriod(audit.command('list'))
    .description('newest first, fifty a page')
    .option('--actor <actor>', 'who', text(1, 200))
    .option('--action <action>', 'what', text(1, 200))
    .option('--target <target>', 'of what', text(1, 200))
    .option('--after <number>', 'older than this entry', wholeNumber(LARGEST_NUMBER))
    .action(
      inApplication(async ({ get, admin }, filter: Parameters<AuditRepository['list']>[0]) => {
        const { items } = await get(admin.AuditRepository).list(filter);
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
    .option('--seal <number:hash>', 'a seal that you kept elsewhere', seal)
    .action(
      inApplication(
        async ({ get, admin, verification }, { seal: kept = null }: { seal?: KeptSeal | null }) => {
          const report = await get(admin.AuditVerifier).verify(kept);
          const { entries, notSealed, findings } = report;
          await get(verification.JournalSealer).sealAll();
          return {
            result: report,
            exitCode: findings.length > 0 ? EXIT.failed : EXIT.done,
            lines:
              findings.length === 0
                ? [`${entries} entries are as they were written, ${notSealed} are not sealed yet`]
                : findings.map(({ kind, number }) =>
                    kind.startsWith('seal-') ? `seal ${number}: ${kind}` : `entry ${number}: ${kind}`,
                  ),
          };
        },
      ),
    );

  const simulate = new Command('simulate')
    .description('what would become of a start now; sends, counts and records nothing')
    .argument('<number>', 'in any spelling with its country code', phoneNumber)
    .option('--user <id>', 'the signed-in user who would ask', text(1, 200))
    .option('--confirmed', 'the number is a confirmed factor of the user')
    .option('--address <address>', 'the network address that would ask', address)
    .addOption(new Option('--channel <channel>').choices(CHANNELS).default('sms'))
    .action(
      inApplication(async ({ get, verification }, number: string, options: Simulated) => {
        const { user = null, confirmed = false, address: from = null, channel } = options;
        const simulated = await get(verification.VerificationService).simulateStart({
          phoneNumber: number,
          channel,
          confirmed,
          caller: { userId: user, address: from },
        });
        return {
          result: simulated,
          lines: [
            [simulated.outcome, simulated.rule, simulated.code].filter(Boolean).join('  '),
            ...simulated.rules.map((each) => `  ${each.rule}: ${each.outcome}`),
          ],
          exitCode: simulated.outcome === 'refused' ? EXIT.failed : EXIT.done,
        };
      }),
    );

  const tokens = new Command('tokens').description('API tokens, newest first').action(
    inApplication(async ({ get, admin }) => {
      const list = await get(admin.ApiTokens).list();
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
