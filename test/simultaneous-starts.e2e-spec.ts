import { randomUUID } from 'node:crypto';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { until } from './support/until.js';

const ROUNDS = 15;

describe('starts by the same caller at the same moment are one start', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      PROTECTION: 'enforce',
      LIMIT_ADDRESS: 'off',
      LIMIT_SESSION: '3/600',
      LIMIT_PREFIX_PER_DAY: 'off',
      VONAGE_REQUESTS_PER_SECOND: 'off',
    });
  });
  afterAll(() => application.close());

  it.each([2, 3, 10])(
    '%i at once, with every rule on: one request, one message, never a cooldown',
    async (calls) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const phoneNumber = freshNumber();
        const headers = { Cookie: `otp-caller=${randomUUID().replaceAll('-', '').slice(0, 22)}` };
        const answers = await Promise.all(
          Array.from({ length: calls }, () =>
            application.client.json('POST', '/request-otp', { phoneNumber }, headers),
          ),
        );
        expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
          answers.map(() => [200, undefined]),
        );
        expect(new Set(answers.map(({ body }) => body['requestId'])).size).toBe(1);
        expect(application.sandbox.ledger(phoneNumber)).toHaveLength(1);
      }
    },
  );
});

describe('the application without prepared statements', () => {
  it('proves a number, and leaves nothing prepared on any connection', async () => {
    const application = await startApplication({
      DATABASE_PREPARED_STATEMENTS: 'off',
      DATABASE_POOL_SIZE: '1',
    });
    try {
      const { requestId, code } = await application.started();
      const answer = await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
      expect(answer.body).toMatchObject({ status: 'VERIFIED' });
      const { DataSource } = await import('typeorm');
      const prepared = await application.app.get(DataSource).query('SELECT name FROM pg_prepared_statements');
      expect(prepared).toEqual([]);
    } finally {
      await application.close();
    }
  });
});

describe('an Idempotency-Key', () => {
  it('is free again as soon as the lease of its request is over', async () => {
    const application = await startApplication({ VONAGE_TIMEOUT_MS: '2000' });
    try {
      const phoneNumber = freshNumber();
      await application.fault({ kind: 'black-hole', operation: 'start', to: phoneNumber });
      const call = application.client.json(
        'POST',
        '/request-otp',
        { phoneNumber },
        { 'Idempotency-Key': 'once' },
      );
      const lease = async () =>
        (
          await application.sql.query<{ seconds: number }>(
            `SELECT extract(epoch FROM locked_until - created_at)::float8 AS seconds FROM otp_idempotency_keys`,
          )
        ).rows[0]?.seconds;
      await until(async () => (await lease()) !== undefined);
      // The provider's time-out and three seconds, as for the request itself.
      expect(await lease()).toBeCloseTo(5, 1);
      await call;
    } finally {
      await application.close();
    }
  });
});
