import { JournalRestorer, JournalSealer } from '../verification/index.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run journal:seal [-- --json] [--after-restore]

Seals what is not sealed yet in the database of DATABASE_URL, and prints the newest seal of each journal as
<journal> <number>:<hash>. Keep it elsewhere: journal:verify -- --seal <number>:<hash> compares with it.
--after-restore: the database was restored from a dump into another cluster, whose transaction ids restart. Repairs
those of the journals first. Run it as the owner of the tables, while no instance runs.
`;

onTheDatabase(USAGE, async (app, args) => {
  const sealer = app.get(JournalSealer, { strict: false });
  if (args.includes('--after-restore')) {
    const renumbered = await app.get(JournalRestorer, { strict: false }).renumber();
    process.stderr.write(`repaired: ${renumbered.join(', ') || 'nothing had to be repaired'}\n`);
  }
  await sealer.sealAll();
  const seals = await sealer.newestSeals();
  process.stdout.write(
    args.includes('--json')
      ? `${JSON.stringify(seals)}\n`
      : seals.map(({ journal, number, hash }) => `${journal} ${number}:${hash}\n`).join(''),
  );
  return 0;
});
