import { type JournalFinding, JournalSealer, JournalVerifier } from '../verification/index.js';
import { keptSealOf } from './kept-seal.js';
import { onTheDatabase } from './on-the-database.js';

const USAGE = `Usage: npm run journal:verify [-- --json] [--seal <number>:<hash>]

Compares verification_events in the database of DATABASE_URL with their seals, and every request with its events. Names
each row that was altered, added, removed or moved, and each status that was changed without an event. With --seal it also
compares the seal of that number with one that you kept elsewhere (npm run journal:seal prints the newest). Seals
what is not sealed yet afterwards. Exit code 0: the journal is as it was written; 1: it is not.
`;

const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;

const DESCRIPTIONS: Record<JournalFinding['kind'], (finding: JournalFinding) => string> = {
  altered: ({ requestId, number }) => `request ${requestId}, event ${number}: altered`,
  added: ({ requestId, number }) => `request ${requestId}, event ${number}: added later`,
  missing: ({ requestId, number }) => `request ${requestId}, event ${number}: missing`,
  reordered: ({ requestId, number }) => `request ${requestId}, event ${number}: moved`,
  'request-missing': ({ requestId }) => `request ${requestId}: missing, but its events are there`,
  'unrecorded-change': ({ requestId, number }) =>
    `request ${requestId}: its status does not follow from its events (event ${number})`,
  'seal-altered': ({ number }) => `seal ${number}: altered, or the seal before it`,
  'seal-missing': ({ number }) => `seal ${number}: missing`,
  'seal-differs': ({ number }) => `seal ${number}: not the one that you kept`,
};

onTheDatabase(USAGE, async (app, args) => {
  const kept = args.includes('--seal') ? keptSealOf(args[args.indexOf('--seal') + 1] ?? '') : null;
  const report = await app.get(JournalVerifier, { strict: false }).verify({
    kept,
    progress: (done, what) => process.stderr.write(`${done} ${what} verified\n`),
  });
  await app.get(JournalSealer, { strict: false }).sealAll();
  const { requests, rows, notSealed, seals, retiredSeals, retiredUntil, newestSeal, findings } = report;
  if (args.includes('--json')) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    const lines = [
      `${count(requests, 'request')}, ${count(rows, 'sealed event')}, ${count(notSealed, 'event')} not sealed yet`,
      `${count(seals, 'seal')}${newestSeal ? `, the newest is ${newestSeal.number}:${newestSeal.hash}` : ''}`,
      ...(retiredUntil
        ? [
            `retention deleted the events of ${count(retiredSeals, 'seal')}, until ${retiredUntil.toISOString()}`,
          ]
        : []),
      ...(findings.length === 0
        ? ['the journal is as it was written']
        : findings.map((finding) => DESCRIPTIONS[finding.kind](finding))),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return findings.length > 0 ? 1 : 0;
});
