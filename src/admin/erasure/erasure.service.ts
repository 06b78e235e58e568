import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { PersonalDataCipher, type SealedColumn } from '../../crypto/index.js';
import { counterKeysOf } from '../../protection/index.js';
import { FactorChanges } from '../../two-factor/index.js';
import { type PhoneNumber, VerificationService } from '../../verification/index.js';
import type { Actor } from '../access/administrator.js';
import { AuditLog } from '../audit/audit-log.service.js';
import {
  DECISIONS,
  DECISIONS_OF_REQUESTS,
  ENROLLED_PHONES,
  RATE_COUNTERS,
  KNOWN_NUMBERS,
  LIVE_REQUESTS,
  OF_NUMBER,
  OF_USER,
  PHONES_OF_OWNERS,
  REQUESTS,
  USERS_OF_NUMBER,
} from './erasure.statements.js';

/** Whom to erase: everything of a number, everything of a user, or both. */
export interface Person {
  /** In any usual spelling, or read already. */
  phoneNumber?: string | PhoneNumber;
  country?: string;
  userId?: string;
}

export interface Erasure {
  /** Number of the entry in the audit: the receipt. Null for a dry run. */
  receipt: number | null;
  /** Rows by table: emptied of what is personal, or deleted. */
  rows: Record<string, number>;
  /** Of a dry run: changes when whom it is about or what would go does. */
  preview?: string;
}

/** By what the rows of a person are found. */
interface Traces {
  fingerprints: Buffer[];
  /** Those of the number that was given. Only this one is taken from whoever has it as a factor. */
  given: Buffer[];
  buckets: Buffer[];
  /** Whose factor the number is that was given. */
  owners: string[];
  userId: string | null;
}

interface KnownNumber {
  id: string;
  source: SealedColumn;
  sealed: string;
  fingerprint: Buffer;
}

const BATCH = 1000;

/**
 * Erases a person: no number, no fingerprint of one, no address and no user remains, while requests, their events and
 * what was counted from them stay, so that statistics and chains hold. The user's epoch stays too: otherwise sessions of an
 * earlier epoch would be valid again. A run that was killed can be repeated: it does not find the rows that are erased already.
 */
@Injectable()
export class Erasures {
  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
    private readonly verifications: VerificationService,
    private readonly factors: FactorChanges,
    private readonly audit: AuditLog,
  ) {}

  /** @returns null when the number is none. @param report called after every batch of requests with their number so far */
  async erase(
    actor: Actor,
    person: Person,
    reason: string,
    {
      dryRun = false,
      report = () => undefined,
    }: { dryRun?: boolean; report?: (requests: number) => void } = {},
  ): Promise<Erasure | null> {
    const traces = await this.tracesOf(person);
    if (!traces) return null;
    const { fingerprints, userId } = traces;
    const rows: Record<string, number> = {};
    if (dryRun) {
      await this.countFactors(traces, rows);
      await this.inOneGo(async (sql) => {
        await this.marks(sql, traces, rows);
        while ((await this.requests(sql, traces, rows)) === BATCH);
      }, true);
      return { receipt: null, rows, preview: previewOf(traces, rows) };
    }
    await this.audit.append({ actor, action: 'person.erasing', reason });
    // A code that was sent to a number that is erased is rejected, and the provider is notified.
    for (const { id } of await rowsOf<{ id: string }>(this.dataSource, LIVE_REQUESTS, [fingerprints, userId]))
      await this.verifications.cancelByOperator(id);
    await this.factorsOf(traces, rows);
    await this.inOneGo((sql) => this.marks(sql, traces, rows));
    // Last, since it is by them that a run which was killed here finds the person's numbers again.
    for (let erased = BATCH; erased === BATCH;) {
      erased = await this.inOneGo((sql) => this.requests(sql, traces, rows));
      report(rows['verification_requests'] ?? 0);
    }
    const receipt = await this.audit.append({ actor, action: 'person.erased', reason, details: rows });
    return { receipt, rows };
  }

  /** What {@link factorsOf} would remove. */
  private async countFactors({ given, owners, userId }: Traces, rows: Record<string, number>): Promise<void> {
    const phones = await rowsOf<{ userId: string }>(this.dataSource, PHONES_OF_OWNERS, [given, owners]);
    add(rows, 'enrolled_phones', phones.length);
    if (userId === null) return;
    const own = phones.filter((phone) => phone.userId === userId).length;
    add(rows, 'factors', (await this.factors.count(userId)) - own);
  }

  /** Factors go first: sessions that were built on them end. */
  private async factorsOf({ given, owners, userId }: Traces, rows: Record<string, number>): Promise<void> {
    for (const owner of owners) {
      const made = await this.factors.make(owner, async (sql) => {
        const phones = await rowsIn(sql, ENROLLED_PHONES, [given, owner]);
        return phones.length > 0 ? phones : null;
      });
      add(rows, 'enrolled_phones', made?.changed.length ?? 0);
    }
    if (userId !== null) add(rows, 'factors', await this.factors.reset(userId));
  }

  /** All numbers of the person, and by what their rows are found. */
  private async tracesOf({ phoneNumber, country, userId }: Person): Promise<Traces | null> {
    const phone = phoneNumber ? this.verifications.readNumber(phoneNumber, country).phone : null;
    if (phoneNumber && !phone) return null;
    const known = userId ? await rowsOf<KnownNumber>(this.dataSource, KNOWN_NUMBERS, [userId]) : [];
    const opened = known.flatMap((number) => this.tryOpen(number));
    const e164s = [...new Set([...(phone ? [phone.e164] : []), ...opened])];
    const given = phone ? this.cipher.fingerprints('phone', phone.e164) : [];
    const fingerprints = [
      ...e164s.flatMap((e164) => this.cipher.fingerprints('phone', e164)),
      ...known.map(({ fingerprint }) => fingerprint),
    ];
    const users = await rowsOf<{ userId: string; isOwner: boolean }>(this.dataSource, USERS_OF_NUMBER, [
      fingerprints,
      given,
    ]);
    const userIds = [...new Set([...users.map((user) => user.userId), ...(userId ? [userId] : [])])];
    const owners = [...new Set(users.filter(({ isOwner }) => isOwner).map((user) => user.userId))];
    const buckets = counterKeysOf(this.cipher, {
      e164s,
      userIds,
      ...(userId ? { erasedUserId: userId } : {}),
    });
    return { fingerprints, given, buckets, owners, userId: userId ?? null };
  }

  /** @returns nothing when the key is lost: then the number can only be found by the fingerprint that it has */
  private tryOpen({ id, source, sealed }: KnownNumber): string[] {
    try {
      return [this.cipher.open(sealed, source, id)];
    } catch {
      return [];
    }
  }

  /** One batch of requests, with the decisions about them. @returns how many */
  private async requests(
    sql: EntityManager,
    { fingerprints, userId }: Traces,
    rows: Record<string, number>,
  ): Promise<number> {
    const erased = await rowsIn<{ id: string }>(sql, REQUESTS, [fingerprints, userId, BATCH]);
    const decisions = await rowsIn(sql, DECISIONS_OF_REQUESTS, [erased.map(({ id }) => id)]);
    add(rows, 'verification_requests', erased.length);
    add(rows, 'decisions', decisions.length);
    return erased.length;
  }

  /** Everything else that names the number or the user. */
  private async marks(
    sql: EntityManager,
    { fingerprints, buckets, userId }: Traces,
    rows: Record<string, number>,
  ): Promise<void> {
    const count = async (table: string, text: string, values: unknown[]) =>
      add(rows, table, (await rowsIn(sql, text, values)).length);
    await count('decisions', DECISIONS, [
      fingerprints,
      userId === null ? [] : this.cipher.userFingerprints(userId),
    ]);
    await count('rate_counters', RATE_COUNTERS, [buckets]);
    for (const [table, text] of Object.entries(OF_NUMBER)) await count(table, text, [fingerprints]);
    if (userId !== null)
      for (const [table, text] of Object.entries(OF_USER)) await count(table, text, [userId]);
  }

  /** @param undo for a dry run: everything is done, counted and taken back */
  private async inOneGo<T>(work: (sql: EntityManager) => Promise<T>, undo = false): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const done = await work(runner.manager);
      await (undo ? runner.rollbackTransaction() : runner.commitTransaction());
      return done;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      throw error;
    } finally {
      await runner.release();
    }
  }
}

function previewOf({ fingerprints, userId }: Traces, rows: Record<string, number>): string {
  const counts = Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1));
  const whom = fingerprints.map((fingerprint) => fingerprint.toString('hex'));
  return createHash('sha256')
    .update(JSON.stringify([whom, userId, counts]))
    .digest('hex')
    .slice(0, 32);
}

function add(rows: Record<string, number>, table: string, count: number): void {
  if (count > 0) rows[table] = (rows[table] ?? 0) + count;
}
