import type pg from 'pg';
import { DataSource } from 'typeorm';
import { poolOf } from '../src/database/sql.js';
import { VerificationReconciler } from '../src/index.js';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { until } from './support/until.js';

const UPKEEP = ['claim-lost-message', 'claim-doubt', 'sweep'];
const HOT = ['start', 'finish-send', 'claim-check', 'finish-check'];
/**
 * A verification with its four events, two decisions and the indexes of the administration; and the same with all rules of
 * the protection. `npx jest test/hot-path` measured 4,581 and 7,070 when this was written.
 */
const MOST_WAL_BYTES = { off: 5000, enforce: 7700 };

interface Plan {
  text: string;
  walBytes: number;
  fullPages: number;
}

type PlanNode = Record<string, unknown> & { Plans?: PlanNode[] };
const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** What a statement would do, undone. */
async function explained(sql: pg.Pool, { text, values }: { text: string; values: unknown[] }): Promise<Plan> {
  const connection = await sql.connect();
  try {
    // Small tables are read whole by choice; with this, only where there is no index.
    await connection.query('BEGIN; SET LOCAL enable_seqscan = off');
    const { rows } = await connection.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, WAL, FORMAT JSON) ${text}`,
      values,
    );
    const plan = rows[0]!['QUERY PLAN'][0].Plan;
    // A function's statements are counted with its scan.
    const writes = nodesOf(plan).filter((node) =>
      ['ModifyTable', 'Function Scan'].includes(node['Node Type'] as string),
    );
    const total = (field: string) => writes.reduce((sum, node) => sum + Number(node[field]), 0);
    return { text: JSON.stringify(plan), walBytes: total('WAL Bytes'), fullPages: total('WAL FPI') };
  } finally {
    await connection.query('ROLLBACK');
    connection.release();
  }
}

/** Every statement of these names is first tried with the same values, explained, and rolled back. */
function explainAll({ app, sql }: TestApplication, names: string[]): Record<string, Plan[]> {
  const pool = poolOf(app.get(DataSource));
  const query = pool.query.bind(pool) as unknown as (...all: unknown[]) => Promise<unknown>;
  const plans: Record<string, Plan[]> = {};
  pool.query = (async (config: { name?: string; text: string; values: unknown[] }, ...rest: unknown[]) => {
    const name = config.name?.replace('otp.', '') ?? '';
    if (names.includes(name)) (plans[name] ??= []).push(await explained(sql, config));
    return query(config, ...rest);
  }) as typeof pool.query;
  return plans;
}

/** Free of noise, so fit for CI: what a verification costs the database (docs/decisions/0003). */
describe('a verification costs Postgres four named single-row statements', () => {
  it('one before and one after the provider, on start and on check; every update HOT', async () => {
    const application = await startApplication({ DATABASE_POOL_SIZE: '1' });
    try {
      const { app, client, codeFor, sql } = application;
      const pool = poolOf(app.get(DataSource));
      const names: (string | undefined)[] = [];
      const query = pool.query.bind(pool);
      pool.query = ((config: { name?: string }, ...rest: unknown[]) => {
        // Blocks, allowances and lanes are read beside the hot path, for many messages at once; they have other names.
        if (HOT.includes(config.name?.replace('otp.', '') ?? '')) names.push(config.name);
        return (query as (...all: unknown[]) => unknown)(config, ...rest);
      }) as typeof pool.query;

      const verify = async () => {
        const phoneNumber = freshNumber();
        const { body } = await client.json('POST', '/request-otp', { phoneNumber });
        const answer = await client.json('POST', '/verify-otp', {
          requestId: body['requestId'],
          otpCode: codeFor(phoneNumber),
        });
        expect(answer.status).toBe(200);
      };
      await verify();
      expect(names).toEqual(['otp.start', 'otp.finish-send', 'otp.claim-check', 'otp.finish-check']);

      for (let i = 0; i < 200; i += 1) await verify();
      expect(names).toHaveLength(201 * 4);
      // The statistics are complete a moment after the session that did it all has flushed them.
      await pool.query('SELECT pg_stat_force_next_flush()');
      const updates = async () =>
        (
          await sql.query<{ relname: string; updates: number; hot: number }>(
            `SELECT relname, n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot
               FROM pg_stat_user_tables WHERE relname IN ('otp_verification_requests', 'otp_number_slots') ORDER BY relname`,
          )
        ).rows;
      await until(async () => (await updates()).every(({ updates }) => updates >= 201), {
        what: 'statistics',
      });
      const rows = await updates();
      expect(rows).toHaveLength(2);
      for (const row of rows) expect(row).toEqual({ ...row, hot: row.updates });
    } finally {
      await application.close();
    }
  });

  it.each(['off', 'enforce'] as const)(
    'writes no more WAL than it must, and reads no table from end to end (protection %s)',
    async (mode) => {
      const application = await startApplication({
        DATABASE_POOL_SIZE: '1',
        PROTECTION: mode,
        LIMIT_ADDRESS: '100/3600',
        BUDGET_PER_DAY: '1000',
      });
      try {
        const { client, codeFor } = application;
        const plans = explainAll(application, HOT);

        for (let i = 0; i < 60; i += 1) {
          const phoneNumber = freshNumber();
          const { body } = await client.json('POST', '/request-otp', { phoneNumber });
          const fields = { requestId: body['requestId'], otpCode: codeFor(phoneNumber) };
          expect((await client.json('POST', '/verify-otp', fields)).status).toBe(200);
        }
        let bytes = 0;
        for (const name of HOT) {
          // Whole pages after a checkpoint, and new pages, are not the statement's own.
          const usual = plans[name]!.slice(20)
            .filter((plan) => plan.fullPages === 0)
            .map((plan) => plan.walBytes)
            .sort((a, b) => a - b);
          bytes += usual[Math.floor(usual.length / 2)]!;
          expect([name, plans[name]!.slice(21).some((plan) => plan.text.includes('Seq Scan'))]).toEqual([
            name,
            false,
          ]);
        }
        expect(bytes).toBeLessThan(MOST_WAL_BYTES[mode]);
      } finally {
        await application.close();
      }
    },
  );

  it('what every instance does by itself finds its few rows by an index, however many there are', async () => {
    const application = await startApplication({ DATABASE_POOL_SIZE: '1' });
    try {
      const plans = explainAll(application, UPKEEP);
      await application.started();
      await application.app.get(VerificationReconciler).runOnce();
      expect(Object.keys(plans).sort()).toEqual([...UPKEEP].sort());
      for (const [name, [plan]] of Object.entries(plans))
        expect([name, /Seq Scan[^}]*verification_/.test(plan!.text)]).toEqual([name, false]);
    } finally {
      await application.close();
    }
  });

  it('no index mentions a column that changes', async () => {
    const application = await startApplication();
    try {
      const { rows } = await application.sql.query<{ indexdef: string }>(
        `SELECT indexdef FROM pg_indexes WHERE tablename IN ('otp_verification_requests', 'otp_number_slots')`,
      );
      expect(rows.length).toBeGreaterThan(3);
      for (const { indexdef } of rows) {
        expect(indexdef).not.toMatch(
          /status|provider_request_id|expires_at|attempts|until|live_request_id|verified_at/,
        );
      }
    } finally {
      await application.close();
    }
  });
});
