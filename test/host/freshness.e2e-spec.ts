import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { submitForm } from '../support/submit-form.js';
import { codeOf, mustBe, settingsOf, Visitor } from './visitor.js';

describe('what was shown a while ago', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const someone = () => new Visitor(application).signsUp();
  const enrolled = async () => (await someone()).enrols();
  /** Makes what was shown in a session older than it is. */
  const age = (person: Visitor, seconds: number) =>
    application.sql.query(
      `UPDATE host_sessions SET sess = jsonb_set(sess::jsonb, '{twoFactor,authentications}',
         (SELECT jsonb_agg(jsonb_set(a, '{completedAt}', to_jsonb(to_char((a->>'completedAt')::timestamptz
            - make_interval(secs => $2), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))) FROM jsonb_array_elements(sess::jsonb->'twoFactor'->'authentications') a))::json
        WHERE sid = $1`,
      [decodeURIComponent(person.session!).replace(/^s:([^.]+)\..*$/, '$1'), seconds],
    );

  it('the password alone is worth nothing after ten minutes', async () => {
    const person = (await enrolled()).elsewhere();
    await person.signsIn();
    expect((await person.get('/two-factor')).status).toBe(200);
    await age(person, 601);
    expect(codeOf(await person.get('/two-factor'))).toEqual([401, 'sign-in-required']);
  });

  it('every change wants a factor shown just now', async () => {
    const person = await enrolled();
    const [phone] = (await settingsOf(person)).factors;
    await age(person, 301);
    for (const path of [
      '/two-factor/phones',
      '/two-factor/phones/verify',
      `/two-factor/phones/${phone!.id}/primary`,
      `/two-factor/phones/${phone!.id}/remove`,
      '/two-factor/recovery-codes',
      '/two-factor/authenticators',
      '/two-factor/browsers/revoke',
    ]) {
      const answer = await person.post(path, { phoneNumber: freshNumber() });
      expect([path, answer.status, answer.body['code'], answer.body['reason']]).toEqual([
        path,
        403,
        'second-factor-required',
        'too-old',
      ]);
    }
    mustBe(await person.types(await person.isChallenged(), person.code), 'the code');
    mustBe(await person.post(`/two-factor/phones/${phone!.id}/remove`), 'removing');
  });

  it('the first factor of all wants a password typed just now', async () => {
    const person = await someone();
    await age(person, 301);
    expect(codeOf(await person.post('/two-factor/phones', { phoneNumber: freshNumber() }))).toEqual([
      401,
      'sign-in-required',
    ]);
  });

  it('in a browser the sign-in page asks for that password, says why, and leads back to the settings', async () => {
    const person = await new Visitor(application, 'html').signsUp();
    const submit = async (path: string, fields: Record<string, string>) => {
      const answer = await submitForm(application.url + path, fields, { Cookie: person.cookieHeader() });
      person.learn(answer.headers);
      expect([path, answer.status]).toEqual([path, 303]);
      return answer.headers.get('location')!;
    };
    await age(person, 301);
    const address = await submit('/two-factor/phones', { phoneNumber: freshNumber() });
    expect(address).toBe('/sign-in?returnTo=%2Ftwo-factor%2Fsettings&again=yes');
    const { text } = await person.get(address);
    expect(text).toContain(
      '<h1>Sign in</h1>\n<p class="confirm">Confirm it’s you to change how you sign in</p>',
    );

    const [form] = /<form method="post" action="\/sign-in"[^]*?<\/form>/.exec(text)!;
    const fields = Object.fromEntries(
      [...form.matchAll(/name="(returnTo|again)" value="([^"]+)"/g)].map(([, name, value]) => [
        name!,
        value!,
      ]),
    );
    const { email, password } = person;
    const again = await submit('/sign-in', { ...fields, email, password: 'a wrong password' });
    expect((await person.get(again)).text).toContain('Incorrect email or password.');
    const next = await submit('/sign-in', { ...fields, email, password });
    expect(next).toBe('/two-factor/settings');
    await person.enrols();
  });
});
