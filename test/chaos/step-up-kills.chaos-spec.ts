import { Visitor } from '../host/visitor.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { type Cluster, type Instance, startCluster } from '../support/cluster.js';
import { testEnvironment } from '../support/environment.js';
import { submitForm } from '../support/submit-form.js';
import { until } from '../support/until.js';

const ORDER = { amount: '40.00', recipient: 'ACME' };
const MOMENTS = [
  ['before the commit', 'before', 0],
  ['after the commit', 'after', 1],
] as const;

/** The use of a grant and its act are one transaction, so both have happened or neither has. */
describe('kill -9 between a confirmation and its payment', () => {
  let application: TestApplication;
  let cluster: Cluster;
  let killAt = '';
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
    const { databaseUrl, dataDirectory, sandbox } = application;
    cluster = await startCluster({
      instances: 1,
      preloads: ['kill-points.mjs'],
      env: testEnvironment({ databaseUrl, dataDirectory }, { VONAGE_API_HOST: sandbox.url }),
      envOf: () => ({ KILL_AT: killAt }),
    });
  });
  afterAll(async () => {
    await cluster.close();
    await application.close();
  });

  /** An instance that does not survive the payment. */
  const victim = async (moment: string): Promise<Instance> => {
    killAt = `${moment}:commit.host_payments:1`;
    await cluster.restart(0);
    return cluster.instances[0]!;
  };
  const dies = async ({ kills }: Instance, call: Promise<unknown>) => {
    await expect(call).rejects.toThrow();
    await until(() => cluster.instances[0]!.kills > kills, { what: 'the kill' });
  };
  const somebody = async () => (await new Visitor(application).signsUp()).enrols();
  const orders = async (person: Visitor) =>
    (await person.post('/account/payment', ORDER)).body['grant'] as string;
  const confirms = async (person: Visitor, grant: string) => {
    const requestId = await person.isChallenged(`/two-factor/step-up/${grant}/challenge`);
    return { requestId, otpCode: person.code };
  };
  /** The grant, and how often it has paid. */
  const left = async (grant: string) => {
    const { rows } = await application.sql.query<{ used: boolean; payments: number }>(
      `SELECT used_at IS NOT NULL AND done_path IS NOT NULL AS used,
              (SELECT count(*)::int FROM host_payments WHERE id = g.id) AS payments
         FROM otp_step_up_grants g WHERE id = $1`,
      [grant],
    );
    return rows[0];
  };

  it.each(MOMENTS)('%s: a program that sends the grant again has paid once', async (_, moment, paid) => {
    const person = await somebody();
    const grant = await orders(person);
    const code = await confirms(person, grant);
    expect((await person.post(`/two-factor/step-up/${grant}/verify`, code)).status).toBe(200);
    const dying = await victim(moment);
    const headers = { Cookie: person.cookieHeader() };
    await dies(dying, dying.client!.json('POST', '/account/payment', { ...ORDER, grant }, headers));
    expect(await left(grant)).toEqual({ used: paid === 1, payments: paid });

    const again = await Promise.all([1, 2].map(() => person.post('/account/payment', { ...ORDER, grant })));
    expect(again.map(({ status, body }) => [status, body['id']])).toEqual([
      [200, grant],
      [200, grant],
    ]);
    expect(await left(grant)).toEqual({ used: true, payments: 1 });
  });

  it.each(MOMENTS)(
    '%s: a browser that typed the code has paid, or can pay, once',
    async (_, moment, paid) => {
      const person = await somebody();
      const grant = await orders(person);
      const code = await confirms(person, grant);
      const dying = await victim(moment);
      const url = `${dying.client!.url}/two-factor/step-up/${grant}/verify`;
      await dies(dying, submitForm(url, code, { Cookie: person.cookieHeader() }));
      expect(await left(grant)).toEqual({ used: paid === 1, payments: paid });

      // The answer with the session's new id is lost. The person signs in again, looks, and pays if that is left to do.
      const elsewhere = await person.elsewhere().isSignedIn();
      expect((await elsewhere.get(`/account/payments/${grant}`)).status).toBe(paid === 1 ? 200 : 404);
      if (paid === 1) return;
      const next = await orders(elsewhere);
      await elsewhere.post(`/two-factor/step-up/${next}/verify`, await confirms(elsewhere, next));
      expect((await elsewhere.post('/account/payment', { ...ORDER, grant: next })).status).toBe(200);
      expect(await left(grant)).toEqual({ used: false, payments: 0 });
      expect(await left(next)).toEqual({ used: true, payments: 1 });
    },
  );
});
