import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsOf } from '../../database/sql.js';
import { Findings, type JournalFinding } from './findings.js';
import { VERIFICATION_JOURNAL } from './journal-source.js';
import { type KeptSeal, type SealReport, SealVerifier } from './seal-verifier.service.js';

/** The result of verifying the journal of requests. */
export interface JournalReport extends SealReport {
  requests: number;
  /** Up to 20 of each kind; empty when the journal is as it was written. */
  findings: JournalFinding[];
}

interface RequestHistory {
  id: string;
  status: string;
  events: number;
  createdAt: Date;
  numbers: number[];
  from: (string | null)[];
  to: string[];
}

const BATCH = 2000;
const MOST_ORPHANS = 20;

/** Checks that neither the journal nor a request was changed outside the application. */
@Injectable()
export class JournalVerifier {
  constructor(
    private readonly seals: SealVerifier,
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Compares events with their seals, and every request's status with its events. Reads in batches and writes nothing.
   * `kept` is a seal from elsewhere that the journal must still have; `progress` is called after every batch.
   */
  async verify({
    kept = null,
    progress = () => undefined,
  }: {
    kept?: KeptSeal | null;
    progress?: (count: number, what: 'events' | 'requests') => void;
  } = {}): Promise<JournalReport> {
    const findings = new Findings();
    const report = await this.seals.verify(VERIFICATION_JOURNAL, findings, kept, (rows) =>
      progress(rows, 'events'),
    );
    let requests = 0;
    for (let after: string | null = null; ;) {
      const batch: RequestHistory[] = await rowsOf<RequestHistory>(this.dataSource, HISTORIES, [
        after,
        BATCH,
      ]);
      for (const history of batch) verifyHistory(history, report.retiredUntil, findings);
      requests += batch.length;
      progress(requests, 'requests');
      if (batch.length < BATCH) break;
      after = batch.at(-1)!.id;
    }
    for (const { requestId, number } of await rowsOf<{ requestId: string; number: number }>(
      this.dataSource,
      ORPHANS,
      [MOST_ORPHANS],
    ))
      findings.add('request-missing', requestId, number);
    return { ...report, requests, findings: findings.list() };
  }
}

/** @param retiredUntil the oldest events of a request may be gone when retention has deleted events of its age */
function verifyHistory(
  { id, status, events, createdAt, numbers, from, to }: RequestHistory,
  retiredUntil: Date | null,
  findings: Findings,
): void {
  const mayBeCut = retiredUntil !== null && createdAt <= retiredUntil && numbers.length > 0;
  const first = mayBeCut ? numbers[0]! : 1;
  const present = new Set(numbers);
  for (let number = first; number <= events; number += 1)
    if (!present.has(number)) findings.add('missing', id, number);
  for (const [index, number] of numbers.entries()) {
    if (number > events) findings.add('added', id, number);
    if (number - 1 === numbers[index - 1] && from[index] !== to[index - 1])
      findings.add('unrecorded-change', id, number);
  }
  if (numbers.at(-1) === events && to.at(-1) !== status) findings.add('unrecorded-change', id, events);
}

/** One statement per batch, so that a request and its events are read at the same moment. */
const HISTORIES = `
  WITH batch AS (
    SELECT id, status, events, created_at FROM otp_verification_requests
     WHERE $1::uuid IS NULL OR id > $1::uuid ORDER BY id LIMIT $2)
  SELECT b.id, b.status, b.events, b.created_at AS "createdAt",
         coalesce(h.numbers, '{}') AS numbers, coalesce(h.from_statuses, '{}') AS "from",
         coalesce(h.to_statuses, '{}') AS "to"
    FROM batch b LEFT JOIN LATERAL (
      SELECT array_agg(e.number ORDER BY e.number) AS numbers,
             array_agg(e.from_status ORDER BY e.number) AS from_statuses,
             array_agg(e.to_status ORDER BY e.number) AS to_statuses
        FROM otp_verification_events e WHERE e.request_id = b.id) h ON true
   ORDER BY b.id`;

const ORPHANS = `
  SELECT e.request_id AS "requestId", min(e.number) AS number
    FROM otp_verification_events e
   WHERE NOT EXISTS (SELECT FROM otp_verification_requests r WHERE r.id = e.request_id)
   GROUP BY e.request_id ORDER BY e.request_id LIMIT $1`;
