import { VerificationService } from '../../src/index.js';
import { freshNumber, type TestApplication } from '../support/application.js';
import { Visitor } from '../host/visitor.js';
import { ONLY, start, startProtected } from './callers.js';

const LIMIT = 3;
/** Everybody here comes from the same address. */
const FROM = '198.51.100.77';

/** Somebody whose every call comes from that address. */
class Neighbour extends Visitor {
  override call(
    method: string,
    path: string,
    fields?: Record<string, string>,
    headers: Record<string, string> = {},
  ) {
    return super.call(method, path, fields, { 'X-Forwarded-For': FROM, ...headers });
  }
}

describe('the limit of an address holds for every route that causes a message', () => {
  let application: TestApplication;
  beforeEach(async () => {
    application = await startProtected({
      ...ONLY('address-limit'),
      LIMIT_ADDRESS: `${LIMIT}/3600`,
      RESEND_COOLDOWN_SECONDS: '0',
      MAX_SENDS: '3',
    });
  });
  afterEach(() => application.close());

  const messagesTo = (...numbers: string[]) =>
    numbers.reduce((sum, number) => sum + application.sandbox.ledger(number).length, 0);
  const refused = [429, 'rate-limited'];

  it('POST /request-otp and /resend-otp', async () => {
    const first = freshNumber();
    const { body } = await start(application.client, first, { from: FROM });
    for (let i = 1; i < LIMIT; i += 1) await start(application.client, freshNumber(), { from: FROM });
    const again = await start(application.client, freshNumber(), { from: FROM });
    const resent = await application.client.json(
      'POST',
      '/resend-otp',
      { requestId: body['requestId'] },
      { 'X-Forwarded-For': FROM },
    );
    for (const answer of [again, resent]) expect([answer.status, answer.body['code']]).toEqual(refused);
    expect(messagesTo(first)).toBe(1);
  });

  it('POST /two-factor/phones and /two-factor/phones/resend', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => new Neighbour(application).signsUp()));
    const numbers = people.map(() => freshNumber());
    for (const [i, person] of people.entries()) {
      const enrolling = await person.post('/two-factor/phones', { phoneNumber: numbers[i]! });
      const requestId = enrolling.body['requestId'];
      // The provider lets go of a message after 30 seconds.
      await application.advanceProvider(31);
      if (typeof requestId === 'string') await person.post('/two-factor/phones/resend', { requestId });
    }
    expect(messagesTo(...numbers)).toBe(LIMIT);
    const last = await people[3]!.post('/two-factor/phones', { phoneNumber: freshNumber() });
    expect([last.status, last.body['code']]).toEqual(refused);
  });

  it('a service that names no address shares one limit with all who name none', async () => {
    const service = application.app.get(VerificationService);
    const begun = [];
    for (let i = 0; i <= LIMIT; i += 1)
      begun.push(await service.start({ phoneNumber: freshNumber(), caller: { sessionId: `session ${i}` } }));
    expect(begun.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    expect(begun.at(-1)).toMatchObject({ code: 'rate-limited' });
    const [first] = begun;
    const requestId = first!.ok ? first!.request.id : '';
    const resent = await service.resend({ requestId, caller: { sessionId: 'session 0' } });
    expect(resent).toMatchObject({ ok: false, code: 'rate-limited' });
  });

  it('a confirmed factor is not stopped by it', async () => {
    const owner = await (await new Neighbour(application).signsUp()).enrols();
    // The enrolment was the first of the messages.
    for (let i = 1; i < LIMIT; i += 1) await start(application.client, freshNumber(), { from: FROM });
    const stranger = await start(application.client, freshNumber(), { from: FROM });
    expect([stranger.status, stranger.body['code']]).toEqual(refused);
    const elsewhere = owner.elsewhere();
    await elsewhere.signsIn();
    const requestId = await elsewhere.isChallenged();
    await application.advanceProvider(31);
    expect((await elsewhere.post('/two-factor/resend', { requestId })).status).toBe(200);
  });
});

describe('where a message comes from is passed on by every caller of the rules', () => {
  it('and each message of sign-in, step-up and enrolment is counted for its user', async () => {
    const application = await startProtected({
      ...ONLY('user-limit'),
      RESEND_COOLDOWN_SECONDS: '0',
      MAX_SENDS: '3',
    });
    try {
      const person = await (await new Neighbour(application).signsUp()).enrols();
      const elsewhere = person.elsewhere();
      await elsewhere.signsIn();
      const requestId = await elsewhere.isChallenged();
      await application.advanceProvider(31);
      await elsewhere.post('/two-factor/resend', { requestId });
      await elsewhere.types(requestId, person.code);
      const payment = { amount: '40.00', recipient: 'ACME' };
      const grant = String((await elsewhere.post('/account/payment', payment)).body['grant']);
      const base = `/two-factor/step-up/${grant}`;
      const stepUp = await elsewhere.isChallenged(`${base}/challenge`);
      await application.advanceProvider(31);
      await elsewhere.post(`${base}/resend`, { requestId: stepUp });
      const { rows } = await application.sql.query<{ scope: string; messages: number }>(
        'SELECT scope, cardinality(moments) AS messages FROM otp_rate_counters ORDER BY scope',
      );
      // Four of the confirmed number, which has limits of its own, then the one message of the enrolment.
      expect(rows).toEqual([
        { scope: 'confirmed-user', messages: 4 },
        { scope: 'user', messages: 1 },
      ]);
    } finally {
      await application.close();
    }
  });
});
