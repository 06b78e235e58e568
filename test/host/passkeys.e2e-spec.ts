import { startApplication, type TestApplication } from '../support/application.js';
import { SoftwareAuthenticator } from '../support/software-authenticator.js';
import { codeOf, mustBe, settingsOf, Visitor } from './visitor.js';

describe('a passkey', () => {
  let application: TestApplication;
  let origin: string;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
    origin = new URL(application.url).origin;
  });
  afterAll(() => application.close());

  const someone = () => new Visitor(application).signsUp();
  const challengeFrom = async (person: Visitor, path: string) =>
    String(mustBe(await person.post(`${path}/options`), 'the options').body['challenge']);
  const adds = async (person: Visitor, authenticator: SoftwareAuthenticator, label = '') => {
    const challenge = await challengeFrom(person, '/two-factor/passkeys');
    const response = JSON.stringify(authenticator.create(challenge));
    return person.post('/two-factor/passkeys', { response, label });
  };
  const shows = (person: Visitor, signed: object, path = '/two-factor/passkey') =>
    person.post(path, { response: JSON.stringify(signed) });
  const withPasskey = async () => {
    const person = await someone();
    const authenticator = new SoftwareAuthenticator(origin);
    mustBe(await adds(person, authenticator), 'adding a passkey');
    return { person, authenticator };
  };
  /** The same person elsewhere, with the password only. */
  const half = async (person: Visitor) => {
    const other = person.elsewhere();
    mustBe(await other.signsIn(), 'signing in');
    return other;
  };

  it('is a factor once it is made: demanded at sign-in, and enough', async () => {
    const { person, authenticator } = await withPasskey();
    expect((await person.get('/account')).body['assurance']).toMatchObject({ amr: ['pwd', 'pop', 'mfa'] });
    expect((await settingsOf(person)).factors).toMatchObject([{ method: 'passkey', primary: true }]);

    const other = await half(person);
    expect((await other.get('/account')).status).toBe(403);
    const challenge = await challengeFrom(other, '/two-factor/passkey');
    mustBe(await shows(other, authenticator.get(challenge)), 'the passkey');
    expect((await other.get('/account')).body['assurance']).toMatchObject({ amr: ['pwd', 'pop', 'mfa'] });
  });

  it('signs once for each challenge, however often and at once it is sent', async () => {
    const { person, authenticator } = await withPasskey();
    const other = await half(person);
    const signed = authenticator.get(await challengeFrom(other, '/two-factor/passkey'));
    const answers = await Promise.all([1, 2, 3, 4].map(() => shows(other, signed)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('signs for the sign-in that asked, not for another one of the same user', async () => {
    const { person, authenticator } = await withPasskey();
    const [asked, thief] = [await half(person), await half(person)];
    const signed = authenticator.get(await challengeFrom(asked, '/two-factor/passkey'));
    expect(codeOf(await shows(thief, signed))).toEqual([422, 'passkey-rejected']);
    mustBe(await shows(asked, signed), 'the passkey');
  });

  it.each([
    [
      'another origin',
      (challenge: string) => new SoftwareAuthenticator('http://phishing.example').get(challenge),
    ],
    ['a passkey of somebody else', (challenge: string) => new SoftwareAuthenticator(origin).get(challenge)],
    ['an empty object', () => ({})],
    ['an id alone', () => ({ id: 'AA' })],
  ])('is refused from %s', async (_, sign) => {
    const { person } = await withPasskey();
    const other = await half(person);
    const challenge = await challengeFrom(other, '/two-factor/passkey');
    expect(codeOf(await shows(other, sign(challenge)))).toEqual([422, 'passkey-rejected']);
    expect((await other.get('/account')).status).toBe(403);
  });

  it('is refused for another origin even if it is the right one', async () => {
    const person = await someone();
    const phished = new SoftwareAuthenticator('http://phishing.example', new URL(origin).hostname);
    expect(codeOf(await adds(person, phished))).toEqual([422, 'passkey-rejected']);
  });

  it('is refused when its counter went back: the authenticator was copied', async () => {
    const { person, authenticator } = await withPasskey();
    authenticator.counter = 5;
    const other = await half(person);
    mustBe(
      await shows(other, authenticator.get(await challengeFrom(other, '/two-factor/passkey'))),
      'showing',
    );
    authenticator.counter = 2;
    const late = await half(person);
    const signed = authenticator.get(await challengeFrom(late, '/two-factor/passkey'));
    expect(codeOf(await shows(late, signed))).toEqual([422, 'passkey-rejected']);
  });

  it('is refused when the challenge is old, or the user’s factors have changed since', async () => {
    const { person, authenticator } = await withPasskey();
    const other = await half(person);
    const signed = authenticator.get(await challengeFrom(other, '/two-factor/passkey'));
    await application.sql.query(`UPDATE otp_passkey_challenges SET expires_at = now() - interval '1 second'`);
    expect(codeOf(await shows(other, signed))).toEqual([422, 'passkey-rejected']);
    mustBe(await adds(person, new SoftwareAuthenticator(origin)), 'adding another');
    expect(codeOf(await shows(other, signed))).toEqual([401, 'sign-in-required']);
  });

  it('confirms one action, and a signature for signing in does not', async () => {
    const { person, authenticator } = await withPasskey();
    const payment = { amount: '40.00', recipient: 'ACME' };
    const { grant } = (await person.post('/account/payment', payment)).body as { grant: string };
    const path = `/two-factor/step-up/${grant}/passkey`;
    const forSignIn = authenticator.get(await challengeFrom(person, '/two-factor/passkey'));
    expect(codeOf(await shows(person, forSignIn, path))).toEqual([422, 'passkey-rejected']);
    mustBe(await shows(person, authenticator.get(await challengeFrom(person, path)), path), 'confirming');
    expect((await person.post('/account/payment', { ...payment, grant })).body).toMatchObject({
      status: 'paid',
    });
  });

  it('is added once, after a factor was shown recently, and removed', async () => {
    const { person, authenticator } = await withPasskey();
    expect(codeOf(await adds(person, authenticator))).toEqual([422, 'passkey-rejected']);
    const other = await half(person);
    expect((await other.post('/two-factor/passkeys/options')).status).toBe(403);

    const { factors } = await settingsOf(person);
    const notHis = await someone();
    expect(codeOf(await notHis.post(`/two-factor/passkeys/${factors[0]!.id}/remove`))).toEqual([
      404,
      'unknown-factor',
    ]);
    mustBe(await person.post(`/two-factor/passkeys/${factors[0]!.id}/remove`), 'removing');
    expect((await settingsOf(person)).factors).toEqual([]);
    expect((await person.elsewhere().signsIn()).body).toMatchObject({ pending: false });
  });

  it('keeps the phone as the other way in', async () => {
    const { person } = await withPasskey();
    await person.enrols();
    const other = await person.elsewhere().isSignedIn();
    expect((await settingsOf(other)).factors.map(({ method }) => method)).toEqual(['passkey', 'sms']);
  });

  it('is for users who have one: others get 404', async () => {
    const person = await someone();
    expect(codeOf(await person.post('/two-factor/passkey/options'))).toEqual([404, 'unknown-factor']);
    expect(codeOf(await shows(person, new SoftwareAuthenticator(origin).get('AA')))).toEqual([
      422,
      'passkey-rejected',
    ]);
  });
});
