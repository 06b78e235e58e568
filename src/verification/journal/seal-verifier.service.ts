import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsOf } from '../../database/sql.js';
import type { Findings } from './findings.js';
import { BEFORE_ALL, type JournalRow, type JournalSource } from './journal-source.js';
import { contentHashOf, leavesOf, readLeaves, type SealContent, sealHashOf } from './seal.js';

/** A seal that somebody has kept elsewhere. */
export interface KeptSeal {
  number: number;
  /** Hex. */
  hash: string;
}

/** The result of comparing a journal with its seals. */
export interface SealReport {
  seals: number;
  /** Of them, the oldest ones whose rows retention has deleted. */
  retiredSeals: number;
  /** When the newest deleted row was written; null when none was deleted. */
  retiredUntil: Date | null;
  /** Rows compared with their seals. */
  rows: number;
  /** Rows that are younger than the newest seal, and so were not checked. */
  notSealed: number;
  newestSeal: KeptSeal | null;
}

interface Seal extends SealContent {
  lastXid: string;
  hash: Buffer;
  leaves: Buffer;
  retiredAt: Date | null;
}

const PAGE = 50;

/** Compares the rows of a journal with its seals, and the seals with each other. */
@Injectable()
export class SealVerifier {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  /**
   * Adds to the findings whatever differs from the seals.
   * @param kept a seal from elsewhere that the journal must still have
   * @param progress called after every seal with the number of rows compared so far
   */
  async verify(
    source: JournalSource,
    findings: Findings,
    kept: KeptSeal | null = null,
    progress: (rows: number) => void = () => undefined,
  ): Promise<SealReport> {
    // First of all: it must not be ahead of the seals that are read later.
    const [cursor] = await rowsOf<{ xid: string }>(this.dataSource, SEAL_CURSOR, [source.name]);
    const report: SealReport = {
      seals: 0,
      retiredSeals: 0,
      retiredUntil: null,
      rows: 0,
      notSealed: 0,
      newestSeal: null,
    };
    let previous: Seal | null = null;
    for (;;) {
      const seals: Seal[] = await rowsOf<Seal>(this.dataSource, SEALS_AFTER, [
        source.name,
        previous?.number ?? 0,
        PAGE,
      ]);
      for (const seal of seals) {
        await this.verifySeal(source, seal, previous, report, findings);
        if (kept?.number === seal.number && kept.hash !== seal.hash.toString('hex'))
          findings.add('seal-differs', null, seal.number);
        previous = seal;
        progress(report.rows);
      }
      if (seals.length < PAGE) break;
    }
    const last = previous?.number ?? 0;
    if (!cursor || (previous ? BigInt(previous.lastXid) < BigInt(cursor.xid) : BigInt(cursor.xid) > 0n))
      findings.add('seal-missing', null, last + 1);
    if (kept && kept.number > last) findings.add('seal-missing', null, kept.number);
    const [{ count }] = (await rowsOf<{ count: number }>(this.dataSource, source.countAfter, [
      previous?.lastXid ?? BEFORE_ALL,
    ])) as [{ count: number }];
    report.notSealed = count;
    if (previous) report.newestSeal = { number: last, hash: previous.hash.toString('hex') };
    return report;
  }

  private async verifySeal(
    source: JournalSource,
    seal: Seal,
    previous: Seal | null,
    report: SealReport,
    findings: Findings,
  ): Promise<void> {
    report.seals += 1;
    const expectedNumber = (previous?.number ?? 0) + 1;
    if (seal.number !== expectedNumber) {
      // Where the range of this seal begins is not known either.
      findings.add('seal-missing', null, expectedNumber);
      return;
    }
    const isFirstNotRetired = report.seals === report.retiredSeals + 1;
    if (
      !sealHashOf(previous?.hash ?? null, seal).equals(seal.hash) ||
      (seal.retiredAt !== null && !isFirstNotRetired)
    )
      findings.add('seal-altered', null, seal.number);
    const rows = await rowsOf<JournalRow>(this.dataSource, source.rowsBetween, [
      previous?.lastXid ?? BEFORE_ALL,
      seal.lastXid,
    ]);
    const retiredAt = seal.retiredAt ?? (await this.retiredMeanwhile(seal, rows));
    if (retiredAt !== null) {
      report.retiredSeals += 1;
      report.retiredUntil = seal.newestAt;
      for (const row of rows) findings.add('added', row.requestId, row.number);
      return;
    }
    report.rows += rows.length;
    compareRows(seal, rows, findings);
  }

  /** Retention may have deleted the rows after the seal was read. */
  private async retiredMeanwhile(seal: Seal, rows: readonly JournalRow[]): Promise<Date | null> {
    if (rows.length > 0 || seal.rowCount === 0) return null;
    const [now] = await rowsOf<{ retiredAt: Date | null }>(this.dataSource, RETIRED_AT, [
      seal.journal,
      seal.number,
    ]);
    return now?.retiredAt ?? null;
  }
}

function compareRows(seal: Seal, rows: readonly JournalRow[], findings: Findings): void {
  const leaves = leavesOf(rows);
  const hasSameContent = contentHashOf(rows).equals(seal.contentHash);
  if (hasSameContent && leaves.equals(seal.leaves)) return;
  const keyOf = ({ requestId, number }: { requestId: string | null; number: number }) =>
    `${requestId} ${number}`;
  const found = readLeaves(leaves);
  const sealed = readLeaves(seal.leaves);
  if (hasSameContent || sealed.length !== seal.rowCount) {
    findings.add('seal-altered', null, seal.number);
    return;
  }
  const hashes = new Map(found.map((leaf) => [keyOf(leaf), leaf.hash]));
  let isExplained = false;
  for (const leaf of sealed) {
    const hash = hashes.get(keyOf(leaf));
    if (hash === leaf.hash) continue;
    findings.add(hash === undefined ? 'missing' : 'altered', leaf.requestId, leaf.number);
    isExplained = true;
  }
  const sealedKeys = new Set(sealed.map(keyOf));
  for (const leaf of found.filter((each) => !sealedKeys.has(keyOf(each)))) {
    findings.add('added', leaf.requestId, leaf.number);
    isExplained = true;
  }
  // The leaves fit the rows and the content hash does not: somebody has rewritten the leaves.
  if (!isExplained) findings.add('seal-altered', null, seal.number);
}

const SEAL_CURSOR = `SELECT xid FROM otp_journal_cursors WHERE journal = $1 AND reader = 'seal'`;
const SEALS_AFTER = `
  SELECT journal, number, last_xid AS "lastXid", row_count AS "rowCount", newest_at AS "newestAt",
         content_hash AS "contentHash", hash, leaves, retired_at AS "retiredAt"
    FROM otp_journal_seals WHERE journal = $1 AND number > $2 ORDER BY number LIMIT $3`;
const RETIRED_AT =
  'SELECT retired_at AS "retiredAt" FROM otp_journal_seals WHERE journal = $1 AND number = $2';
