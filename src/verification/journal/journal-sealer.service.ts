import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { BackgroundJob } from '../../background/background-job.js';
import { describeFailure } from '../../diagnostics/index.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { VERIFICATION_OPTIONS, type ResolvedVerificationOptions } from '../verification.options.js';
import { type JournalBatch, JournalReader } from './journal-reader.js';
import { type JournalRow, type JournalSource, VERIFICATION_JOURNAL } from './journal-source.js';
import { contentHashOf, leavesOf, sealHashOf } from './seal.js';

/** What somebody keeps elsewhere, to compare the journal with later. */
export interface NewestSeal {
  journal: string;
  number: number;
  /** Hex. */
  hash: string;
}

const BATCH = 2000;
/** A round stays short, also at shutdown and when there is much to seal. */
const BATCHES_PER_ROUND = 20;
const LOG_EVERY_MS = 3_600_000;

/** Seals the rows of every journal, in the background on every instance and one instance at a time. */
@Injectable()
export class JournalSealer extends BackgroundJob {
  private readonly sources: JournalSource[] = [VERIFICATION_JOURNAL];
  private loggedAt = -Infinity;

  constructor(
    private readonly reader: JournalReader,
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    @Inject(VERIFICATION_OPTIONS) { sealJournalEverySeconds: every }: ResolvedVerificationOptions,
  ) {
    super(every && every * 1000);
  }

  /** From now on another table is sealed too. */
  addSource(source: JournalSource): void {
    this.sources.push(source);
  }

  /** The journals that are sealed: of verifications and, with `AdminModule`, the audit. */
  allSources(): readonly JournalSource[] {
    return this.sources;
  }

  override async beforeApplicationShutdown(): Promise<void> {
    if (!this.isStarted) return;
    await super.beforeApplicationShutdown();
    await this.round().catch((error: unknown) =>
      this.logger.warn(describeFailure(error), 'journal not sealed at shutdown, the next instance will'),
    );
  }

  /**
   * Seals everything that transactions which are over have written.
   * @param mostBatches for each journal; the rest is left to the next time
   */
  async sealAll(mostBatches = Infinity): Promise<void> {
    for (const source of this.sources) {
      const sealNext = () =>
        this.reader.readBatch(source, 'seal', BATCH, (batch) => this.seal(source, batch));
      for (let batches = 0; batches < mostBatches && (await sealNext()); batches += 1);
    }
  }

  /** @returns the newest seal of each journal that has one */
  async newestSeals(): Promise<NewestSeal[]> {
    return rowsOf<NewestSeal>(this.dataSource, NEWEST_SEALS);
  }

  protected async round(): Promise<void> {
    try {
      await this.sealAll(BATCHES_PER_ROUND);
    } catch (error) {
      this.logger.error(describeFailure(error), 'journal not sealed, will retry');
      return;
    }
    if (performance.now() - this.loggedAt < LOG_EVERY_MS) return;
    const seals = await this.newestSeals();
    for (const seal of seals) this.logger.log(seal, 'journal sealed');
    if (seals.length > 0) this.loggedAt = performance.now();
  }

  private async seal(
    { name, rowsBetween }: JournalSource,
    { sql, after, until }: JournalBatch,
  ): Promise<void> {
    const rows = await rowsIn<JournalRow>(sql, rowsBetween, [after, until]);
    const [previous] = await rowsIn<{ number: number; hash: Buffer }>(sql, PREVIOUS_SEAL, [name]);
    const content = {
      journal: name,
      number: (previous?.number ?? 0) + 1,
      rowCount: rows.length,
      newestAt: new Date(rows.reduce((newest, { at }) => Math.max(newest, at.getTime()), 0)),
      contentHash: contentHashOf(rows),
    };
    const hash = sealHashOf(previous?.hash ?? null, content);
    const { number, rowCount, newestAt, contentHash } = content;
    const values = [name, number, until, rowCount, newestAt, contentHash, hash, leavesOf(rows)];
    await rowsIn(sql, INSERT_SEAL, values);
  }
}

const PREVIOUS_SEAL = `
  SELECT number, hash FROM otp_journal_seals WHERE journal = $1 ORDER BY number DESC LIMIT 1`;
const INSERT_SEAL = `
  INSERT INTO otp_journal_seals
    (journal, number, last_xid, row_count, newest_at, content_hash, hash, leaves, sealed_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())`;
const NEWEST_SEALS = `
  SELECT newest.journal, newest.number, encode(newest.hash, 'hex') AS hash
    FROM otp_journal_cursors c
   CROSS JOIN LATERAL (SELECT journal, number, hash FROM otp_journal_seals
                        WHERE journal = c.journal ORDER BY number DESC LIMIT 1) AS newest
   WHERE c.reader = 'seal' ORDER BY newest.journal`;
