import { JournalAuditor } from '../verification/index.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run journal:verify [-- --json]

Recomputes the chain of hashes of verification_events in the database of DATABASE_URL and names the first event of every
request that is not as it was written. Exit code 0: nobody has altered the journal; 1: somebody has.
`;

const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;

onTheDatabase(USAGE, async (app, args) => {
  const report = await app
    .get(JournalAuditor, { strict: false })
    .run((requests) => process.stderr.write(`${requests} requests looked at\n`));
  if (args.includes('--json')) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    const { requests, events, alterations } = report;
    const size = `${count(requests, 'request')}, ${count(events, 'event')}`;
    if (alterations.length === 0) process.stdout.write(`${size}: nobody has altered the journal\n`);
    for (const { requestId, number, at, what } of alterations) {
      process.stdout.write(
        `request ${requestId}, event ${number}: ${what}${at ? ` (${at.toISOString()})` : ''}\n`,
      );
    }
  }
  return report.alterations.length > 0 ? 1 : 0;
});
