import { randomBytes } from 'node:crypto';
import type { HistoryFilter } from '../../src/admin/history/history.filter.js';
import { statementFor } from '../../src/admin/history/history.repository.js';
import { startApplication, type TestApplication } from '../support/application.js';

const ID = '01890000-0000-7000-8000-000000000000';
const DAY = { from: new Date('2026-01-01T00:00Z'), to: new Date('2026-01-02T00:00Z') };

/** Free of noise, so fit for CI: what keeps pages fast over 10 million requests (bench/RESULTS.md) is an index for each. */
describe('every page of the history', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const filters: [string, HistoryFilter][] = [
    ['none', {}],
    ['from and to', DAY],
    ...(['PENDING', 'VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED'] as const).map(
      (status): [string, HistoryFilter] => [`status ${status}`, { status }],
    ),
    ['country', { country: 'US' }],
    ['channel', { channel: 'voice' }],
    ['purpose', { purpose: 'payment' }],
    ['user', { user: 'anna' }],
    ['number', { fingerprints: [randomBytes(32)] }],
    ['requestId', { requestId: ID }],
    ['providerRequestId', { providerRequestId: 'x' }],
    ['address', { address: '203.0.113.7' }],
    ['reason', { reason: 'attempts-exhausted' }],
    ['status and reason', { status: 'FAILED', reason: 'send-lost' }],
    ['many at once', { ...DAY, status: 'FAILED', country: 'US', channel: 'sms', reason: 'send-rejected' }],
  ];

  it.each(filters)('is read by an index: %s', async (_name, filter) => {
    const connection = await application.sql.connect();
    try {
      // Small tables are read whole by choice; with this, only where there is no index.
      await connection.query('BEGIN; SET LOCAL enable_seqscan = off');
      for (const cursor of [{}, { after: ID }, { before: ID }]) {
        const { text, values } = statementFor(filter, cursor, 51, 1500);
        const { rows } = await connection.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).toContain('Index');
        expect(plan).not.toContain('Seq Scan');
      }
    } finally {
      await connection.query('ROLLBACK');
      connection.release();
    }
  });
});
