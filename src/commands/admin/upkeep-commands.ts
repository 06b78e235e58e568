import { Command } from 'commander';
import { type Confirmation, destructive, inApplication, progress, unlessConfirmed } from '../run-command.js';
import { readNumber } from '../values.js';
import { actor, ofPerson, type Person, type Reason, writeCommand } from './write-commands.js';

/** Counts by table, a line each. */
const rowsOfTables = (rows: Record<string, number>): string[] =>
  Object.entries(rows).map(([table, count]) => `${table}: ${count}`);

/** Says that the most important part is left out. */
const kept = ({ keepsHistory }: { keepsHistory: boolean }): string[] =>
  keepsHistory
    ? [
        'RETENTION=off: requests, events and decisions are kept. Set RETENTION=on for this command to delete old ones.',
      ]
    : [];

/** Commands that may take long and report their progress. */
export function upkeepCommands(): Command[] {
  const erase = destructive(
    ofPerson(writeCommand('erase', 'erase everything that is known of a number or a user')),
  ).action(
    inApplication(async ({ get, admin }, options: Person & Confirmation) => {
      const { reason, number, user, ...confirmation } = options;
      const whom = { ...(number ? { phoneNumber: number } : {}), ...(user ? { userId: user } : {}) };
      const erasures = get(admin.Erasures);
      const unconfirmed = await unlessConfirmed(confirmation, async () => {
        const result = await erasures.erase(actor(), whom, reason, { dryRun: true });
        const phone = number && readNumber(number).phone?.toString();
        const names = [phone && `the number ${phone}`, user && `user ${user}`].filter(Boolean);
        return {
          result,
          lines: [`Erasing ${names.join(' and ')} empties or deletes rows:`, ...rowsOfTables(result!.rows)],
        };
      });
      if (unconfirmed) return unconfirmed;
      const report = (requests: number) => progress(`${requests} requests erased`);
      const erased = (await erasures.erase(actor(), whom, reason, { report }))!;
      return {
        result: erased,
        lines: [...rowsOfTables(erased.rows), `receipt: entry ${erased.receipt} of the audit`],
      };
    }),
  );

  const retention = destructive(
    writeCommand('retention', 'delete what is older than RETENTION_… says, in small batches'),
  ).action(
    inApplication(async ({ get, admin }, { reason, ...confirmation }: Reason & Confirmation) => {
      const service = get(admin.Retention);
      const unconfirmed = await unlessConfirmed(confirmation, async () => {
        const rows = await service.dryRun();
        return { result: rows, lines: ['Retention deletes rows:', ...rowsOfTables(rows), ...kept(service)] };
      });
      if (unconfirmed) return unconfirmed;
      const rows = await service.run(actor(), reason, (soFar) => progress(rowsOfTables(soFar).join(', ')));
      return { result: rows, lines: [...rowsOfTables(rows), ...kept(service), 'done'] };
    }),
  );

  const rollUp = new Command('roll-up')
    .description('bring the statistics up to date, however old the history is')
    .action(
      inApplication(async ({ get, admin }) => {
        await get(admin.Rollups).catchUp(({ builtUntil }) => progress(`until ${builtUntil?.toISOString()}`));
        return { result: { complete: true }, lines: ['up to date'] };
      }),
    );
  return [erase, retention, rollUp];
}
