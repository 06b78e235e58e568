import { tokenIn } from './support/mailbox.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import { openPage, submitForm } from './support/submit-form.js';
import { PASSWORD } from './host/visitor.js';

describe('a browser that keeps no cookies', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  /** Posts the form of a page of ours, which came with a cookie. */
  const submit = (path: string, fields: Record<string, string>) =>
    submitForm(application.url + path, fields, { Referer: `${application.url}/sign-in` });

  it('is found out by the first page, whatever it is', async () => {
    const cookiesOf = async (path: string, headers = {}) =>
      (await openPage(application.url + path, headers)).headers.getSetCookie().join();
    expect(await cookiesOf('/')).toMatch(/^otp-caller=[^,]+$/);
    for (const path of ['/sign-in', '/nowhere']) {
      expect(await cookiesOf(path)).toMatch(/^otp-cookies=[\w-]{12}; Path=\/; HttpOnly; SameSite=Lax$/);
      expect(await cookiesOf(path, { Cookie: 'otp-cookies=yes' })).toBe('');
    }
  });

  it('is told at once what is wrong with a number or a code, and keeps what was typed', async () => {
    const refused = await submit('/request-otp', { phoneNumber: '+1 415 12' });
    expect([refused.status, /value="\+1 415 12"/.test(refused.text)]).toEqual([422, true]);
    expect(refused.text).toContain('There is a problem');
    const phoneNumber = freshNumber();
    const started = await submit('/request-otp', { phoneNumber });
    const address = started.headers.get('location')!;
    expect(started.status).toBe(303);
    const requestId = new URL(address, application.url).searchParams.get('requestId')!;
    const code = application.codeFor(phoneNumber);
    const wrong = await submit('/verify-otp', { requestId, otpCode: wrongCode(code) });
    expect([wrong.status, /You have 2 tries left/.test(wrong.text)]).toEqual([422, true]);
    const right = await submit('/verify-otp', { requestId, otpCode: code });
    expect(right.headers.get('location')).toBe(address);
    expect((await openPage(application.url + address)).text).toContain('Phone number verified');
  });

  it('is told that it cannot sign in, before a password is looked at or a link is used up', async () => {
    const words = 'your browser doesn’t keep this site’s cookies';
    const signIn = await submit('/sign-in', { email: 'a@example.com', password: 'wrong' });
    expect([signIn.status, signIn.text.includes(words)]).toEqual([403, true]);
    expect(signIn.text).toContain('value="a@example.com"');
    const email = 'no-cookies@example.com';
    expect((await submit('/sign-up', { email })).text).toContain(words);
    await submitForm(`${application.url}/sign-up`, { email });
    const token = tokenIn(await application.mailbox.link(email));
    const refused = await submit('/sign-up/finish', { token, password: PASSWORD });
    expect([refused.status, refused.text.includes(words)]).toEqual([403, true]);
    const made = await submitForm(`${application.url}/sign-up/finish`, { token, password: PASSWORD });
    expect([made.status, made.headers.get('location')]).toEqual([303, '/account']);
  });

  it('is no program, and no browser that comes from elsewhere: those sign in without cookies', async () => {
    const fields = { email: 'no-cookies@example.com', password: PASSWORD };
    expect((await submitForm(`${application.url}/sign-in`, fields)).status).toBe(303);
    expect((await application.client.json('POST', '/sign-in', fields)).status).toBe(200);
    expect((await application.client.html('POST', '/sign-in', fields)).status).toBe(303);
  });
});
