import { Command } from 'commander';
import { inApplication, refused } from '../run-command.js';
import { wholeNumber } from '../values.js';
import { actor, type Reason, writeCommand } from './write-commands.js';

const LARGEST_ID = Number.MAX_SAFE_INTEGER;

/** Commands about events that the webhook refused too often. */
export function deadLetterCommands(): Command[] {
  const list = new Command('dead-letters')
    .description('events that the webhook refused too often, newest first, fifty a page')
    .option('--after <id>', 'those that are older than this one', wholeNumber(LARGEST_ID))
    .action(
      inApplication(async ({ get, admin }, { after }: { after?: number }) => {
        const { items } = await get(admin.DeadLetters).list(after ? { after: String(after) } : {});
        return {
          result: items,
          lines: items.map(
            ({ id, requestId, number, type, error, deadAt }) =>
              `${id}  ${deadAt.toISOString()}  ${requestId}  ${number} ${type}  ${error}`,
          ),
        };
      }),
    );

  const retry = writeCommand('retry-letters', 'deliver dead letters again, all or one')
    .option('--id <id>', 'only this one', wholeNumber(LARGEST_ID))
    .action(
      inApplication(async ({ get, admin }, { id, reason }: Reason & { id?: number }) => {
        const events = await get(admin.DeadLetters).retry(actor(), id ? String(id) : null, reason);
        return events
          ? { result: { retried: events.length }, lines: [`${events.length} will be delivered again`] }
          : refused('there is no such dead letter');
      }),
    );

  const discard = writeCommand('discard-letter', 'delete a dead letter')
    .requiredOption('--id <id>', 'of the dead letter', wholeNumber(LARGEST_ID))
    .action(
      inApplication(async ({ get, admin }, { id, reason }: Reason & { id: number }) => {
        const event = await get(admin.DeadLetters).discard(actor(), String(id), reason);
        return event === null
          ? refused('there is no such dead letter')
          : { result: { discarded: event }, lines: [`${event} discarded`] };
      }),
    );

  return [list, retry, discard];
}
