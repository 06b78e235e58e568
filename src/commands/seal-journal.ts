import { JournalSealer } from '../verification/index.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run journal:seal [-- --json]

Seals what is not sealed yet in the database of DATABASE_URL, and prints the newest seal of each journal as
<journal> <number>:<hash>. Keep it elsewhere: journal:verify -- --seal <number>:<hash> compares with it.
`;

onTheDatabase(USAGE, async (app, args) => {
  const sealer = app.get(JournalSealer, { strict: false });
  await sealer.sealAll();
  const seals = await sealer.newestSeals();
  process.stdout.write(
    args.includes('--json')
      ? `${JSON.stringify(seals)}\n`
      : seals.map(({ journal, number, hash }) => `${journal} ${number}:${hash}\n`).join(''),
  );
  return 0;
});
