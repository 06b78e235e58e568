import type { NestExpressApplication } from '@nestjs/platform-express';
import { VerificationReconciler } from '../src/index.js';
import { freshNumber } from './support/application.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { type Program, run } from './support/program.js';
import { someKeys, startSenderHost } from './support/sender-host.js';
import { startTextGateway, type TextGateway, TextGatewaySender } from './support/text-gateway.js';
import { until } from './support/until.js';

describe('an instance with a message sender is killed', () => {
  const keys = someKeys();
  let database: TestDatabase;
  let gateway: TextGateway;
  let survivor: NestExpressApplication;
  let killed: Program | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
    gateway = await startTextGateway();
    survivor = await startSenderHost(database.url, new TextGatewaySender(gateway.url), {
      keys,
      message: { brand: 'ACME', timeoutMs: 1000 },
    });
  });
  afterEach(() => killed?.process.kill('SIGKILL'));
  afterAll(async () => {
    await survivor.close();
    await gateway.close();
    await database.drop();
  });

  const startInstanceToBeKilled = async (moment: string) => {
    killed = run(process.execPath, ['test/support/sender-instance.mjs'], {
      DATABASE_URL: database.url,
      GATEWAY_URL: gateway.url,
      ENCRYPTION_KEYS: keys.encryption,
      FINGERPRINT_KEYS: keys.fingerprint,
      NODE_OPTIONS: '--import=./test/support/kill-points.mjs',
      KILL_AT: moment,
    });
    const [, url] = await killed.says(/listening on (\S+)/);
    return url!;
  };
  const post = async (url: string, path: string, body: object) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'a test' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const reconcile = () => survivor.get(VerificationReconciler).runOnce(0);

  it.each([
    ['before the gateway was asked', 'after:otp.claim-code-message:1', 0],
    ['after the gateway took the message', 'before:otp.finish-code-message:1', 1],
    ['before the request knows of its message', 'after:otp.finish-code-message:1', 1],
  ])(
    '%s, and another one finds out: the person has one code, and it works',
    async (_, moment, sentBefore) => {
      const url = await startInstanceToBeKilled(moment);
      const phoneNumber = freshNumber();
      await expect(post(url, '/request-otp', { phoneNumber })).rejects.toThrow();
      await killed!.ended();
      expect(gateway.to(phoneNumber)).toHaveLength(sentBefore);

      // The leases of the dead process end by themselves.
      await until(async () => (await reconcile()).recovered > 0, { what: 'the lost message' });
      const texts = gateway.to(phoneNumber);
      // A gateway that takes the idempotency key sends one message. For others it is the same text twice at most.
      expect(new Set(texts.map((text) => JSON.stringify(text))).size).toBe(1);
      expect(texts.length).toBeLessThanOrEqual(2);
      const here = await survivor.getUrl();
      const { body } = await post(here, '/request-otp', { phoneNumber });
      expect(gateway.to(phoneNumber)).toHaveLength(texts.length);
      const otpCode = gateway.codeFor(phoneNumber);
      expect(await post(here, '/verify-otp', { requestId: body['requestId'], otpCode })).toMatchObject({
        status: 200,
        body: { status: 'VERIFIED' },
      });
    },
  );

  it('after a right code was spent, and the person who repeats it gets the success, once', async () => {
    const here = await survivor.getUrl();
    const phoneNumber = freshNumber();
    const { body } = await post(here, '/request-otp', { phoneNumber });
    const typed = { requestId: body['requestId'], otpCode: gateway.codeFor(phoneNumber) };
    const url = await startInstanceToBeKilled('after:otp.check-code-message:1');
    await expect(post(url, '/verify-otp', typed)).rejects.toThrow();
    await killed!.ended();

    await until(async () => (await reconcile()).settled > 0, { what: 'the lost check' });
    expect(await post(here, '/verify-otp', typed)).toMatchObject({
      status: 200,
      body: { status: 'VERIFIED' },
    });
    expect(await post(here, '/verify-otp', typed)).toMatchObject({ status: 409 });
  });
});
