import { randomUUID } from 'node:crypto';
import { startApplication, type TestApplication, freshNumber, wrongCode } from './support/application.js';
import { servedRoutes } from './support/routes.js';
import { submitForm } from './support/submit-form.js';
import type { Answer } from './support/client.js';
import { administrator } from './admin/administrator.js';
import { Visitor } from './host/visitor.js';

describe('a form that a browser posts', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const browser = () => new Visitor(application, 'html');
  const submit = async (person: Visitor, path: string, fields: Record<string, string>) => {
    const answer = await submitForm(application.url + path, fields, { Cookie: person.cookieHeader() });
    person.learn(answer.headers);
    return answer;
  };
  const locationOf = (answer: Answer): string => {
    expect(answer.status).toBe(303);
    return answer.headers.get('location')!;
  };
  /** Submits a form as a browser does, and follows to its page. */
  const submitted = async (person: Visitor, path: string, fields: Record<string, string>) => {
    const address = locationOf(await submit(person, path, fields));
    return { address, page: await person.get(address), again: await person.get(address) };
  };

  it('is answered with 303 on every route, and every address of a form leads to a page', async () => {
    const person = await administrator(application, 'html');
    const posts = servedRoutes(application).filter(
      ({ method, path }) => method === 'POST' && !/webhooks|sign-out|\.csv|passkeys?\/options/.test(path),
    );
    // What only a script asks for is no form.
    expect(posts.length).toBeGreaterThan(40);
    const wrong: string[] = [];
    for (const { path: template } of posts) {
      const path = template.replaceAll(/:\w+/g, randomUUID());
      const answer = await submit(person, path, {});
      if (answer.status !== 303) wrong.push(`POST ${template}: ${answer.status}`);
      let page = await person.get(path);
      for (let hops = 0; page.status === 303 && hops < 4; hops += 1)
        page = await person.get(page.headers.get('location')!);
      // Ids that nobody has, and pages that need one in their address.
      const isKnown = !template.includes(':') && !/finish|verify/.test(template);
      if (isKnown ? page.status !== 200 : page.status >= 500) wrong.push(`GET ${template}: ${page.status}`);
    }
    expect(wrong).toEqual([]);
  });

  it('other clients get the page directly, as before', async () => {
    const phoneNumber = freshNumber();
    const answer = await browser().post('/request-otp', { phoneNumber });
    expect([answer.status, /Enter your code/.test(answer.text)]).toEqual([200, true]);
    expect((await browser().post('/request-otp', { phoneNumber: '12' })).status).toBe(422);
    const started = await submitForm(
      `${application.url}/request-otp`,
      { phoneNumber: freshNumber() },
      { Accept: 'application/json' },
    );
    expect([started.status, JSON.parse(started.text)]).toMatchObject([200, { status: 'PENDING' }]);
  });

  it('has the request in the address, and nothing that is personal', async () => {
    const person = browser();
    const phoneNumber = freshNumber();
    const code = await submitted(person, '/request-otp', { phoneNumber });
    expect(code.address).toMatch(/^\/verify-otp\?requestId=[0-9a-f-]{36}$/);
    expect([code.page.status, code.again.status]).toEqual([200, 200]);
    const requestId = code.address.split('=')[1]!;
    const resent = await submitted(person, '/resend-otp', { requestId });
    expect(resent.address).toBe(code.address);
    const wrong = await submitted(person, '/verify-otp', {
      requestId,
      otpCode: wrongCode(application.codeFor(phoneNumber)),
    });
    expect(wrong.address).toBe(code.address);
    expect(wrong.page.text).toContain('You have 2 tries left.');
    expect(wrong.again.text).not.toContain('tries left');
    const right = await submitted(person, '/verify-otp', {
      requestId,
      otpCode: application.codeFor(phoneNumber),
    });
    expect([right.address, /Phone number verified/.test(right.again.text)]).toEqual([code.address, true]);
  });

  it('keeps what was typed for one showing, sealed for one address', async () => {
    const person = browser();
    const refused = await submit(person, '/request-otp', { phoneNumber: '+1 415 12', country: 'FR' });
    expect(locationOf(refused)).toBe('/');
    const cookie = refused.headers.getSetCookie().find((each) => each.startsWith('otp-flash='))!;
    expect(cookie).toMatch(/; Max-Age=120; Path=\/; HttpOnly; SameSite=Lax/);
    expect(cookie).not.toContain('415');
    // The page of another tab does not use it up.
    const other = await person.get(`/verify-otp?requestId=${randomUUID()}`);
    expect(other.text).not.toContain('415 12');
    const page = await person.get('/');
    expect(page.text).toContain('value="+1 415 12"');
    expect(page.text).toMatch(/value="FR" selected/);
    expect(page.headers.getSetCookie().join()).toMatch(/otp-flash=; Max-Age=0/);
    const again = await person.get('/');
    expect(again.text).not.toContain('415 12');
  });

  it.each([
    ['altered', (value: string) => `${value.slice(0, -4)}AAAA`],
    ['not one of ours', () => 'v1:x:y'],
    ['empty', () => ''],
  ])('a flash cookie that is %s is no error', async (_name, change) => {
    const person = browser();
    await submit(person, '/request-otp', { phoneNumber: '12' });
    person.cookies.set('otp-flash', change(person.cookies.get('otp-flash')!));
    const page = await person.get('/');
    expect([page.status, /role="alert"/.test(page.text)]).toEqual([200, false]);
  });

  it('that is very long is refused with its message, without what was typed', async () => {
    const person = browser();
    const refused = await submit(person, '/request-otp', { phoneNumber: '9'.repeat(4000) });
    expect(refused.headers.getSetCookie().every((each) => each.length < 4096)).toBe(true);
    expect((await person.get(locationOf(refused))).text).toContain('at most 64 characters');
  });

  it('never keeps a password', async () => {
    const person = browser();
    const refused = await submit(person, '/sign-in', { email: 'a@example.com', password: 'wrong password' });
    const page = await person.get(locationOf(refused));
    expect(page.text).toContain('value="a@example.com"');
    expect(page.text).not.toContain('wrong password');
  });

  it('shows recovery codes once; a reload makes none', async () => {
    const person = await (await browser().signsUp()).enrols();
    const { address, page, again } = await submitted(person, '/two-factor/recovery-codes', {});
    const codesIn = (text: string) => text.match(/[0-9a-z]{5}-[0-9a-z]{5}-[0-9a-z]{4}/g) ?? [];
    expect(new Set(codesIn(page.text)).size).toBe(10);
    expect(codesIn(again.text)).toEqual([]);
    expect(address).toBe('/two-factor/recovery-codes');
    const other = person.elsewhere();
    await other.signsIn();
    const used = await other.post('/two-factor/code', {
      factor: 'recovery',
      otpCode: codesIn(page.text)[3]!,
    });
    expect(used.status).toBe(303);
  });

  it('shows the same secret of an app on every reload', async () => {
    const person = await browser().signsUp();
    const { page, again } = await submitted(person, '/two-factor/authenticators', {});
    const secretIn = (text: string) => /<code dir="ltr">([A-Z2-7 ]+)<\/code>/.exec(text)![1];
    expect(secretIn(again.text)).toBe(secretIn(page.text));
  });

  it('sends one code for an enrolment, which keeps its name and can be reloaded', async () => {
    const person = await browser().signsUp();
    const phoneNumber = freshNumber();
    const { address, again } = await submitted(person, '/two-factor/phones', { phoneNumber, label: 'Mum’s' });
    expect([again.status, application.sandbox.ledger(phoneNumber)]).toMatchObject([200, { length: 1 }]);
    expect(decodeURIComponent(address)).not.toContain('Mum');
    const requestId = new URL(address, application.url).searchParams.get('requestId')!;
    const done = await submitted(person, '/two-factor/phones/verify', {
      requestId,
      otpCode: application.codeFor(phoneNumber),
    });
    // On to recovery codes: whoever has a factor can lose it.
    expect(done.address).toBe('/two-factor/recovery-codes');
    expect(done.page.text).toContain('Your changes are saved.');
    expect(done.again.text).not.toContain('Your changes are saved.');
    expect((await person.get('/two-factor/settings')).text).toContain('Mum’s');
  });

  it('a new phone that is refused leaves its error and what was typed beside its field in the settings', async () => {
    const person = await browser().signsUp();
    const typed = { phoneNumber: '12', country: 'DE', label: 'Mum’s' };
    const { address, page, again } = await submitted(person, '/two-factor/phones', typed);
    expect(address).toBe('/two-factor/settings');
    expect(page.text).toContain('<title>Error: Two-factor sign-in');
    expect(page.text).toMatch(/<p class="error" id="phoneNumber-error">[^<]+<\/p>/);
    expect(page.text).toMatch(/<input id="phoneNumber"[^>]* value="12"/);
    expect(page.text).toMatch(/<option value="DE" selected/);
    expect(page.text).toContain('value="Mum’s"');
    expect(again.text).not.toContain('phoneNumber-error');
  });

  it('a removal asks first, names what goes and says when it is the last factor', async () => {
    const person = await (await browser().signsUp()).enrols();
    const settings = await person.get('/two-factor/settings');
    const path = /action="([^"]+\/remove)"/.exec(settings.text)![1]!;
    const asked = await person.get(path);
    expect(asked.text).toContain(`••${person.phoneNumber.slice(-2)}`);
    expect(asked.text).toContain('This is your last sign-in method besides your password.');
    expect((await person.get('/two-factor/settings')).text).toContain(path);
    const { address, page } = await submitted(person, path, {});
    expect([address, page.text]).toEqual([
      '/two-factor/settings',
      expect.stringContaining('haven’t added a phone'),
    ]);
    // Back: there is nothing left to remove.
    expect((await person.get(path)).headers.get('location')).toBe('/two-factor/settings');
  });
});
