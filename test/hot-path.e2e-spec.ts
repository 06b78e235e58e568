import { freshNumber, startApplication } from './support/application.js';

/** Free of noise, so fit for CI: what a verification costs the database (docs/decisions/0003). */
describe('a verification costs Postgres four named single-row statements', () => {
  it('one before and one after the provider, on start and on check; every update HOT; no sequential scan', async () => {
    const application = await startApplication({ DATABASE_POOL_SIZE: '1' });
    try {
      const { app, client, codeFor, sql } = application;
      const { DataSource } = await import('typeorm');
      const pool = (app.get(DataSource).driver as unknown as { master: import('pg').Pool }).master;
      const names: (string | undefined)[] = [];
      const query = pool.query.bind(pool);
      pool.query = ((config: { name?: string }, ...rest: unknown[]) => {
        // Announcing is done in batches, beside the hot path.
        if (!/findEvents|nnouncer/.test(config.name ?? '')) names.push(config.name);
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
      expect(names).toEqual([
        'verification.start',
        'verification.sent',
        'verification.claimCheck',
        'verification.finishCheck',
      ]);

      for (let i = 0; i < 200; i += 1) await verify();
      expect(names).toHaveLength(201 * 4);
      // One session did it all: its end makes the statistics complete.
      await pool.query('SELECT pg_stat_force_next_flush()').catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const { rows } = await sql.query<{ relname: string; updates: number; hot: number; scans: number }>(
        `SELECT relname, n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot, seq_scan::int AS scans
           FROM pg_stat_user_tables WHERE relname IN ('verification_requests', 'phone_guards') ORDER BY relname`,
      );
      for (const { relname, updates, hot } of rows) {
        expect({ relname, updates, hot }).toEqual({ relname, updates, hot: updates });
        expect(updates).toBeGreaterThanOrEqual(201);
      }
      // Small tables may be scanned once by the planner's choice before they have statistics; never per request.
      for (const { scans } of rows) expect(scans).toBeLessThan(10);
    } finally {
      await application.close();
    }
  });

  it('no index mentions a column that changes', async () => {
    const application = await startApplication();
    try {
      const { rows } = await application.sql.query<{ indexdef: string }>(
        `SELECT indexdef FROM pg_indexes WHERE tablename IN ('verification_requests', 'phone_guards')`,
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
