import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { codeOf, mustBe, requestIdOf, settingsOf, Visitor } from './visitor.js';

describe('a user’s phones', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const someone = () => new Visitor(application).signsUp();
  const enrolled = async () => (await someone()).enrols();

  it('a number counts once it is proven; an enrolment that was given up locks nobody out', async () => {
    const person = await someone();
    mustBe(await person.post('/two-factor/phones', { phoneNumber: freshNumber() }), 'enrolling');
    expect((await settingsOf(person)).factors).toEqual([]);
    const again = person.elsewhere();
    expect((await again.signsIn()).body).toMatchObject({ level: 'first-factor', pending: false });
    expect((await again.get('/account')).status).toBe(200);
  });

  it('proving the first one signs this session in with both factors, under a new id', async () => {
    const person = await someone();
    const before = person.session;
    await person.enrols();
    expect(person.session).not.toBe(before);
    expect((await person.get('/account')).body['assurance']).toMatchObject({ amr: ['pwd', 'sms', 'mfa'] });
  });

  it('enrolling ends the user’s other sessions', async () => {
    const person = await someone();
    const other = person.elsewhere();
    await other.signsIn();
    expect((await other.get('/account')).status).toBe(200);
    await person.enrols();
    expect(codeOf(await other.get('/account'))).toEqual([401, 'sign-in-required']);
    expect((await person.get('/account')).status).toBe(200);
  });

  it('a second one: spellings are one number, the first stays preferred, and it can be preferred and removed', async () => {
    const person = await enrolled();
    const first = person.phoneNumber;
    await person.enrols();
    const [one, two] = (await settingsOf(person)).factors;
    expect([one!.primary, two!.primary]).toEqual([true, false]);

    const spelled = `00${first.slice(1, 2)} (${first.slice(2, 5)}) ${first.slice(5)}`;
    await application.advanceProvider(600);
    await application.sql.query(`UPDATE otp_number_slots SET live_until = now()`);
    const messages = application.sandbox.ledger(first).length;
    expect(codeOf(await person.post('/two-factor/phones', { phoneNumber: spelled }))).toEqual([
      409,
      'number-enrolled',
    ]);
    expect(application.sandbox.ledger(first)).toHaveLength(messages);
    expect((await settingsOf(person)).factors).toHaveLength(2);

    mustBe(await person.post(`/two-factor/phones/${two!.id}/primary`), 'preferring');
    expect((await settingsOf(person)).factors[0]!.id).toBe(two!.id);
    mustBe(await person.post(`/two-factor/phones/${two!.id}/label`, { label: 'Work' }), 'naming');
    expect((await settingsOf(person)).factors[0]!.label).toBe('Work');
    mustBe(await person.post(`/two-factor/phones/${two!.id}/remove`), 'removing');
    expect((await settingsOf(person)).factors).toMatchObject([{ id: one!.id, primary: true }]);
  });

  it('a new number takes the place of an old one only when it is proven', async () => {
    const person = await enrolled();
    const [old] = (await settingsOf(person)).factors;
    const phoneNumber = freshNumber();
    const started = mustBe(await person.post('/two-factor/phones', { phoneNumber }), 'enrolling');
    expect((await settingsOf(person)).factors).toHaveLength(1);
    const fields = {
      requestId: requestIdOf(started),
      otpCode: application.codeFor(phoneNumber),
      replaces: old!.id,
    };
    mustBe(await person.post('/two-factor/phones/verify', fields), 'proving');
    expect((await settingsOf(person)).factors).toMatchObject([
      { hint: expect.stringContaining(phoneNumber.slice(-2)) as string, primary: true },
    ]);
    expect((await settingsOf(person)).factors[0]!.id).not.toBe(old!.id);
  });

  it('a user with as many phones as possible can change the number of each', async () => {
    const person = await enrolled();
    for (let more = 0; more < 4; more += 1) await person.enrols();
    const phones = (await settingsOf(person)).factors;
    expect(codeOf(await person.post('/two-factor/phones', { phoneNumber: freshNumber() }))).toEqual([
      409,
      'too-many-factors',
    ]);

    const [phoneNumber, replaces] = [freshNumber(), phones[2]!.id];
    const first = mustBe(await person.post('/two-factor/phones', { phoneNumber, replaces }), 'replacing');
    await application.advanceProvider(600);
    await application.sql.query(`UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1`, [
      requestIdOf(first),
    ]);
    await application.sql.query(`UPDATE otp_number_slots SET live_until = now()`);
    const again = mustBe(
      await person.post('/two-factor/phones/restart', { requestId: requestIdOf(first), replaces }),
      'replacing again',
    );
    const proof = {
      requestId: requestIdOf(again),
      otpCode: application.codeFor(phoneNumber),
      replaces,
    };
    mustBe(await person.post('/two-factor/phones/verify', proof), 'proving');
    const hints = (await settingsOf(person)).factors.map(({ hint }) => hint.slice(-2));
    expect(hints).toHaveLength(5);
    expect(hints).toContain(phoneNumber.slice(-2));
  });

  it('one number is one user’s', async () => {
    const person = await enrolled();
    const thief = await someone();
    await application.sql.query(`UPDATE otp_number_slots SET live_until = now()`);
    const started = mustBe(
      await thief.post('/two-factor/phones', { phoneNumber: person.phoneNumber }),
      'enrolling',
    );
    const fields = { requestId: requestIdOf(started), otpCode: application.codeFor(person.phoneNumber) };
    expect(codeOf(await thief.post('/two-factor/phones/verify', fields))).toEqual([409, 'number-taken']);
  });

  it('somebody else’s phone is unknown', async () => {
    const [phone] = (await settingsOf(await enrolled())).factors;
    const other = await enrolled();
    for (const act of ['primary', 'label', 'remove'])
      expect(codeOf(await other.post(`/two-factor/phones/${phone!.id}/${act}`))).toEqual([
        404,
        'unknown-factor',
      ]);
    expect(codeOf(await other.post('/two-factor/challenge', { phoneId: phone!.id }))).toEqual([
      404,
      'unknown-factor',
    ]);
  });

  it('removing one phone twice at once removes one', async () => {
    const person = await enrolled();
    await person.enrols();
    const [phone] = (await settingsOf(person)).factors;
    const twins = [0, 1].map(() => {
      const twin = person.elsewhere();
      twin.cookies.set('session', person.session!);
      return twin;
    });
    const answers = await Promise.all(
      twins.map((twin) => twin.post(`/two-factor/phones/${phone!.id}/remove`)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});
