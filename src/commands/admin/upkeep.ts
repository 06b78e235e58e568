import { Command } from 'commander';
import { Erasures, Retention, Rollups } from '../../admin/index.js';
import { needsSomebody, person } from './acts.js';
import { act, actor, progress, rowsOfTables, running } from './running.js';

/** Long work, with progress. */
export function upkeepCommands(program: Command): Command[] {
  const erase = person(act('erase', 'erase all that is known of a number or a user'))
    .option('--dry-run', 'only count')
    .action((options: { reason: string; number?: string; user?: string; dryRun?: boolean }) =>
      running(program, async (get) => {
        needsSomebody(options);
        const { reason, number, user, dryRun = false } = options;
        const whom = { ...(number ? { phoneNumber: number } : {}), ...(user ? { userId: user } : {}) };
        const report = (requests: number) => progress(`${requests} requests erased`);
        const erased = await get(Erasures).erase(actor(), whom, reason, { dryRun, report });
        if (!erased) return { result: null, lines: ['that is no phone number'], refused: true };
        const receipt =
          erased.receipt === null
            ? 'nothing was erased: a dry run'
            : `receipt: entry ${erased.receipt} of the audit`;
        return { result: erased, lines: [...rowsOfTables(erased.rows), receipt] };
      }),
    );

  const retention = act('retention', 'delete what is older than RETENTION_… says, in small batches')
    .option('--dry-run', 'only count')
    .action(({ reason, dryRun }: { reason: string; dryRun?: boolean }) =>
      running(program, async (get) => {
        const service = get(Retention);
        const report = (soFar: Record<string, number>) => progress(rowsOfTables(soFar).join(', '));
        const rows = dryRun ? await service.dryRun() : await service.run(actor(), reason, report);
        return {
          result: rows,
          lines: [...rowsOfTables(rows), dryRun ? 'nothing was deleted: a dry run' : 'done'],
        };
      }),
    );

  const rollUp = new Command('roll-up')
    .description('bring the statistics up to date, however old the history is')
    .action(() =>
      running(program, async (get) => {
        await get(Rollups).catchUp(({ builtUntil }) => progress(`until ${builtUntil?.toISOString()}`));
        return { result: { complete: true }, lines: ['up to date'] };
      }),
    );
  return [erase, retention, rollUp];
}
