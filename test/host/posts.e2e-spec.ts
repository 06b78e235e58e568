import { startApplication, type TestApplication } from '../support/application.js';
import { servedRoutes } from '../support/routes.js';
import { administrator } from '../admin/administrator.js';
import { codeOf, settingsOf, Visitor } from './visitor.js';

const ID = '01890000-0000-7000-8000-000000000000';

const postRoutesOf = (application: TestApplication): string[] =>
  servedRoutes(application)
    .filter(({ method, path }) => method === 'POST' && /^\/(two-factor|account|admin)\b/.test(path))
    .map(({ path }) => path.replace(':id', ID));

describe('posts of people who are signed in are limited', () => {
  let application: TestApplication;
  afterEach(() => application.close());
  const refused = [429, 'rate-limited'];

  it('by session, on every route of /two-factor, /account and /admin', async () => {
    application = await startApplication({ THROTTLE_SESSION: '5/600', RESEND_COOLDOWN_SECONDS: '0' });
    const admin = await administrator(application);
    const routes = postRoutesOf(application);
    expect(routes.length).toBeGreaterThan(25);
    for (let i = 0; i < 5; i += 1) await admin.post(`/two-factor/phones/${ID}/label`);
    for (const route of routes) {
      const answer = await admin.post(route);
      expect([route, ...codeOf(answer)]).toEqual([route, ...refused]);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    // Reading is not counted, and neither are others.
    expect((await admin.get('/two-factor/settings')).status).toBe(200);
    const other = await admin.elsewhere().isSignedIn();
    expect((await other.get('/account')).status).toBe(200);
  });

  it('by address, whatever the session', async () => {
    application = await startApplication({ THROTTLE_ADDRESS: '5/600', RESEND_COOLDOWN_SECONDS: '0' });
    const answers = [];
    for (let i = 0; i < 7; i += 1) answers.push(await new Visitor(application).post('/admin/tokens'));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429]);
    for (const route of postRoutesOf(application)) {
      const answer = await new Visitor(application).post(route);
      // The global guard refuses strangers first; the administration judges by itself.
      expect([401, 429]).toContain(answer.status);
      if (route.startsWith('/admin')) expect([route, answer.status]).toEqual([route, 429]);
    }
  });

  it('recovery codes are made one sheet at a time, and sign-in stays quick meanwhile', async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
    const person = await (await new Visitor(application).signsUp()).enrols();
    const before = performance.now();
    const sheets = Array.from({ length: 60 }, () => person.post('/two-factor/recovery-codes'));
    const signIn = await person.elsewhere().signsIn();
    const waited = performance.now() - before;
    const answers = await Promise.all(sheets);
    expect(signIn.status).toBe(200);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
    const made = answers.filter(({ status }) => status === 200).length;
    const others = answers.filter(({ status }) => status !== 200);
    // Whoever came while one was being made is told to come back; a session that a change has ended must sign in.
    for (const answer of others) expect([401, 429]).toContain(answer.status);
    expect(others.some((answer) => codeOf(answer)[1] === 'rate-limited')).toBe(true);
    expect(made).toBeLessThan(10);
    expect(waited).toBeLessThan(10_000);
    // Nothing is left claimed: the next one works.
    const again = await person.elsewhere().isSignedIn();
    expect((await again.post('/two-factor/recovery-codes')).status).toBe(200);
    expect((await settingsOf(again)).recoveryCodesLeft).toBe(10);
  });
});
