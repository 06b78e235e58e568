import { open } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { BackgroundJob } from '../../background/background-job.js';
import { describeFailure } from '../../diagnostics/index.js';
import { eventsOf } from '../journal/events-of-batch.js';
import { JournalFollower } from '../journal/journal-follower.js';
import { type JournalBatch, JournalReader } from '../journal/journal-reader.js';
import { type JournalSource, VERIFICATION_JOURNAL } from '../journal/journal-source.js';
import { VERIFICATION_OPTIONS, type ResolvedVerificationOptions } from '../verification.options.js';
import { eventId, type EventMessage, toMessage } from './event-message.js';

const EVERY_MS = 500;
const RETRY_MS = 5000;
const BATCH = 500;
const STANDARD_OUTPUT = '-';

/** What is written of an event. */
export type EventLine = { id: string } & EventMessage<object>;
/** Reads what is to be written of a batch. */
export type LinesOf = (batch: JournalBatch) => Promise<EventLine[]>;

/**
 * Writes every event of the journals as a line of JSON: at least once, and in order within a request. Each line is written
 * by one instance. The file is opened for each batch, so it can be rotated by renaming it.
 */
@Injectable()
export class EventsFile extends BackgroundJob {
  private readonly file: string | null;
  private readonly followed: { follower: JournalFollower; linesOf: LinesOf }[] = [];

  constructor(
    private readonly reader: JournalReader,
    @Inject(VERIFICATION_OPTIONS) { events }: ResolvedVerificationOptions,
  ) {
    super(events.file === null ? null : EVERY_MS);
    this.file = events.file;
    this.addSource(VERIFICATION_JOURNAL, linesOfVerifications);
  }

  /** From now on another journal is written too. For modules that are being initialised. */
  addSource(source: JournalSource, linesOf: LinesOf): void {
    const follower = new JournalFollower(this.reader, 'file', BATCH, source);
    this.followed.push({ follower, linesOf });
  }

  protected override async begin(): Promise<void> {
    for (const { follower } of this.followed) await follower.begin();
  }

  protected async round(): Promise<number | void> {
    try {
      for (const { follower, linesOf } of this.followed)
        await follower.readAll(
          () => this.isStopped,
          async (batch) => this.write(await linesOf(batch)),
        );
    } catch (error) {
      this.logger.error(describeFailure(error), 'events not written to EVENTS_FILE, will retry');
      return RETRY_MS;
    }
  }

  /** The reader moves on only when the lines are written. */
  private async write(lines: EventLine[]): Promise<void> {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    if (this.file === STANDARD_OUTPUT) await toStandardOutput(text);
    else await append(this.file!, text);
  }
}

const linesOfVerifications: LinesOf = async (batch) =>
  (await eventsOf(batch)).map((event) => ({ id: eventId(event), ...toMessage(event) }));

const toStandardOutput = (text: string) =>
  new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });

/** Appends whole lines, also to a file whose last line was cut off by a full disk or a kill. */
async function append(file: string, lines: string): Promise<void> {
  const handle = await open(file, 'a+', 0o640);
  try {
    const { size } = await handle.stat();
    const last = size > 0 ? (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString() : '\n';
    await handle.appendFile(last === '\n' ? lines : `\n${lines}`);
  } finally {
    await handle.close();
  }
}
