import { Command } from 'commander';
import type { JournalFinding, KeptSeal } from '../verification/index.js';
import { EXIT, inApplication, progress, runCommand } from './run-command.js';
import { seal } from './values.js';

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

const program = new Command('npm run journal:verify --')
  .description(
    'Compares the events with their seals, and every request with its events. Names each row that was altered, added, removed or moved, and each status that was changed without an event. Seals what is not sealed yet afterwards. Exit code 0: the journal is as it was written; 1: it is not.',
  )
  .option('--json', 'print the report as JSON')
  .option('--seal <number:hash>', 'also compare with a seal that you kept elsewhere', seal)
  .action(
    inApplication(async ({ get, verification }, { seal: kept = null }: { seal?: KeptSeal | null }) => {
      const report = await get(verification.JournalVerifier).verify({
        kept,
        progress: (done, what) => progress(`${done} ${what} verified`),
      });
      await get(verification.JournalSealer).sealAll();
      const { requests, rows, notSealed, seals, retiredSeals, retiredUntil, newestSeal, findings } = report;
      return {
        result: report,
        exitCode: findings.length > 0 ? EXIT.failed : EXIT.done,
        lines: [
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
        ],
      };
    }),
  );

void runCommand(program);
