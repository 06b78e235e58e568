import { type JournalBatch, type JournalReader, type ReaderName } from './journal-reader.js';
import { type JournalSource, VERIFICATION_JOURNAL } from './journal-source.js';

/** Follows a journal for one reader. What happened before its first instance started is not news. */
export class JournalFollower {
  private startedAt = '0';
  private hasCursor = false;

  /** @param size about how many events a batch has */
  constructor(
    private readonly reader: JournalReader,
    private readonly name: ReaderName,
    private readonly size: number,
    private readonly source: JournalSource = VERIFICATION_JOURNAL,
  ) {}

  /** When the instance starts. Reads only, because a command must write nothing. */
  async begin(): Promise<void> {
    this.startedAt = await this.reader.position();
  }

  /** Handles one batch after the other until there is none, or another instance reads. See {@link JournalReader.readBatch}. */
  async readAll(isStopped: () => boolean, handle: (batch: JournalBatch) => Promise<void>): Promise<void> {
    if (!this.hasCursor) {
      await this.reader.beginAfter(this.source, this.name, this.startedAt);
      this.hasCursor = true;
    }
    while (!isStopped() && (await this.reader.readBatch(this.source, this.name, this.size, handle)));
  }
}
