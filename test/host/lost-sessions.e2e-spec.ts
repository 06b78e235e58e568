import { randomUUID } from 'node:crypto';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { submitForm } from '../support/submit-form.js';
import { codeOf, requestIdOf, Visitor } from './visitor.js';

describe('what was begun in a session', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const goalOf = async (
    path: string,
    headers: Record<string, string>,
    fields: Record<string, string> = { amount: '1.00' },
  ) => {
    const answer = await submitForm(application.url + path, fields, headers);
    return new URL(answer.headers.get('location')!, application.url).searchParams.get('returnTo');
  };

  it.each([
    ['/account/payment', '/account/payment'],
    ['/two-factor/authenticators', '/two-factor/settings'],
    ['/two-factor/phones/verify', '/two-factor/phones/verify?requestId=1'],
  ])('a form that is posted too late leads back to its page after sign-in: %s', async (path, page) => {
    expect(await goalOf(path, { Referer: application.url + page })).toBe(page);
  });

  it('a form that names where it continues leads there, and to no other site', async () => {
    const headers = { Referer: `${application.url}/two-factor` };
    const goal = (returnTo: string) => goalOf('/two-factor/challenge', headers, { returnTo });
    expect(await goal('/account/payment?amount=40.00')).toBe('/account/payment?amount=40.00');
    expect(await goal('//evil.example')).toBe('/account');
  });

  it.each(['https://evil.example/account/payment', 'nonsense', ''])(
    'the page of no other site is believed: %s',
    async (referer) => {
      expect(await goalOf('/account/payment', { Referer: referer })).toBe('/account');
    },
  );

  it('a code that has enrolled a phone is used, and was not cancelled', async () => {
    const person = await new Visitor(application).signsUp();
    const phoneNumber = freshNumber();
    const started = await person.post('/two-factor/phones', { phoneNumber });
    const code = { requestId: requestIdOf(started), otpCode: application.codeFor(phoneNumber) };
    await person.post('/two-factor/phones/verify', code);
    const again = await person.post('/two-factor/phones/verify', code);
    expect(codeOf(again)).toEqual([409, 'already-verified']);
  });

  it('a code that another session has asked for can be asked for again on its page', async () => {
    const person = await new Visitor(application).signsUp();
    const requestId = requestIdOf(await person.post('/two-factor/phones', { phoneNumber: freshNumber() }));
    const elsewhere = person.elsewhere();
    await elsewhere.signsIn();
    const address = `/two-factor/phones/verify?requestId=${requestId}`;
    const { text } = await elsewhere.get(address, { Accept: 'text/html' });
    expect(text).toContain('You requested a code in another browser or app.');
    expect(text).toMatch(
      /<form method="post" action="\/two-factor\/phones\/restart">[^]*Send a new code<\/button>/,
    );
  });

  it('the code page of an act that is gone leads to the form, and asks for no code', async () => {
    const person = await new Visitor(application).signsUp();
    await person.enrols();
    const form = '/account/payment?amount=40.00&recipient=ACME';
    const address = `/two-factor/step-up/${randomUUID()}/challenge/${randomUUID()}?returnTo=${encodeURIComponent(form)}`;
    const { text } = await person.get(address, { Accept: 'text/html' });
    expect(text).toContain('There is nothing left to confirm. Start again.');
    expect(text).toContain(
      `<a href="${form.replace('&', '&amp;').replaceAll('=', '&#x3D;')}">Start again</a>`,
    );
    expect(text).not.toContain('otpCode');
  });
});
