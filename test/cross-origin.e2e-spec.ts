import { administrator, program } from './admin/administrator.js';
import { Visitor } from './host/visitor.js';
import { rawRequest } from './support/raw-request.js';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';

type Headers = Record<string, string>;

describe('a POST says where it comes from', () => {
  let application: TestApplication;
  let person: Visitor;
  beforeAll(async () => {
    application = await startApplication({ TRUST_PROXY: 'loopback' });
    person = await (await new Visitor(application).signsUp()).enrols();
  });
  afterAll(() => application.close());

  /** As it is: no header is added. */
  const post = async (path: string, headers: Headers, body: object = {}) => {
    const response = await fetch(application.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const { code } = (await response.json().catch(() => ({}))) as { code?: string };
    return code === 'cross-origin' ? 'refused' : response.status;
  };
  const asPerson = (headers: Headers) =>
    post('/two-factor/challenge', { Cookie: person.cookieHeader(), ...headers });
  const own = () => new URL(application.url);
  const onHttps = (origin: string): Headers => ({ 'X-Forwarded-Proto': 'https', Origin: origin });

  it.each<[string, () => Headers]>([
    ['neither Origin nor Sec-Fetch-Site', () => ({})],
    ['Sec-Fetch-Site: none', () => ({ 'Sec-Fetch-Site': 'none' })],
    ['Sec-Fetch-Site: none from our own origin', () => ({ 'Sec-Fetch-Site': 'none', Origin: own().origin })],
    ['Sec-Fetch-Site: same-site', () => ({ 'Sec-Fetch-Site': 'same-site' })],
    ['Sec-Fetch-Site: cross-site', () => ({ 'Sec-Fetch-Site': 'cross-site' })],
    ['an unknown Sec-Fetch-Site', () => ({ 'Sec-Fetch-Site': 'same-origin, none' })],
    ['a foreign Origin', () => ({ Origin: 'https://evil.example' })],
    [
      'a foreign Origin that claims to be our own site',
      () => ({ 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.example' }),
    ],
    ['Origin: null', () => ({ Origin: 'null' })],
    ['an empty Origin', () => ({ Origin: '' })],
    ['an extension on our host', () => ({ Origin: `chrome-extension://${own().host}` })],
    ['a file', () => ({ Origin: 'file://' })],
    ['HTTPS where we are on HTTP', () => ({ Origin: `https://${own().host}` })],
    ['another port', () => ({ Origin: `http://${own().hostname}:${Number(own().port) + 1}` })],
    ['no port', () => ({ Origin: `http://${own().hostname}` })],
    ['our host as a prefix', () => ({ Origin: `${own().origin}.evil.example` })],
    ['our host as a user', () => ({ Origin: `http://${own().host}@evil.example` })],
    ['a path', () => ({ Origin: `${own().origin}/` })],
    ['HTTP of our own host, where we are on HTTPS', () => onHttps(`http://${own().host}`)],
    ['an extension on our host, where we are on HTTPS', () => onHttps(`chrome-extension://${own().host}`)],
  ])('or is refused: %s', async (_name, headers) => {
    const before = application.sandbox.calls().start;
    expect(await asPerson(headers())).toBe('refused');
    expect(application.sandbox.calls().start).toBe(before);
  });

  it('and is served from our own pages', async () => {
    expect(await asPerson({ Origin: own().origin })).toBe(200);
    expect(await asPerson({ 'Sec-Fetch-Site': 'same-origin' })).not.toBe('refused');
    expect(await asPerson({ 'Sec-Fetch-Site': 'same-origin', Origin: own().origin })).not.toBe('refused');
    expect(await asPerson(onHttps(`https://${own().host}`))).not.toBe('refused');
  });

  it('holds for every POST and every cookie that may be a session’s', async () => {
    const admin = await administrator(application);
    const { body } = await application.client.json('GET', '/openapi.json');
    const paths = Object.entries(body['paths'] as object).filter(([, item]) => 'post' in item);
    expect(paths.length).toBeGreaterThan(30);
    for (const cookie of [admin.cookieHeader(), '__Host-session=x', 'trusted-browser=x', 'connect.sid=x'])
      for (const [path] of paths)
        expect([path, await post(path, { Cookie: cookie })]).toEqual([path, 'refused']);
  });

  it('unless it has no cookie that gives a right', async () => {
    const start = () => ({ phoneNumber: freshNumber() });
    expect(await post('/request-otp', {}, start())).toBe(200);
    expect(await post('/request-otp', { Cookie: `otp-caller=${'A'.repeat(22)}` }, start())).toBe(200);
  });

  it('unless it has a bearer token, which no browser sends by itself', async () => {
    const { token } = await program(application, 'audit:read');
    const bearer = { Authorization: `Bearer ${token}` };
    expect(await post('/admin/audit/verify', bearer)).toBe(200);
    expect(await post('/admin/audit/verify', { ...bearer, Cookie: 'AWSALB=x' })).toBe(200);
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('and so does a %s', async (method) => {
    const response = await fetch(`${application.url}/account`, {
      method,
      headers: { Cookie: person.cookieHeader(), Accept: 'application/json' },
    });
    expect([response.status, await response.json()]).toEqual([
      403,
      expect.objectContaining({ code: 'cross-origin' }),
    ]);
  });
});

describe('behind a proxy that rewrites the Host header', () => {
  const TRUSTED = '127.0.0.2';
  const STRANGER = '127.0.0.3';
  const ORIGIN = 'https://login.example.com';
  const rewritten = (headers: Headers = {}) => ({
    Host: 'upstream:3000',
    'X-Forwarded-Proto': 'https',
    Origin: ORIGIN,
    ...headers,
  });
  let application: TestApplication;
  let person: Visitor;
  const starts = async (env: Record<string, string>) => {
    application = await startApplication({ TRUST_PROXY: TRUSTED, ...env });
    person = await new Visitor(application).signsUp();
  };
  afterEach(() => application.close());

  /** A client without Fetch Metadata submits a form. */
  const submits = async (from: string, headers: Headers) => {
    const { status, text } = await rawRequest(`${application.url}/two-factor/authenticators`, {
      method: 'POST',
      from,
      headers: { Cookie: person.cookieHeader(), ...headers },
      form: { label: '' },
    });
    return text.includes('came from another site') ? 'refused' : status;
  };

  it('forms work when X-Forwarded-Host is our origin and the proxy is trusted', async () => {
    await starts({});
    expect(await submits(TRUSTED, rewritten())).toBe('refused');
    const forwarded = rewritten({ 'X-Forwarded-Host': 'login.example.com' });
    expect(await submits(TRUSTED, forwarded)).toBe(200);
    expect(await submits(TRUSTED, { ...forwarded, 'Sec-Fetch-Site': 'same-origin' })).toBe(200);
    expect(await submits(TRUSTED, { ...forwarded, 'X-Forwarded-Host': 'LOGIN.example.com:443' })).toBe(200);
    expect(
      await submits(TRUSTED, { ...forwarded, 'X-Forwarded-Port': '8443', Origin: `${ORIGIN}:8443` }),
    ).toBe(200);
  });

  it.each<[string, string, Headers]>([
    ['from a peer that is not trusted', STRANGER, { 'X-Forwarded-Host': 'login.example.com' }],
    ['from a peer that is not trusted, with a port', STRANGER, { 'X-Forwarded-Port': '443' }],
    ['that is another host', TRUSTED, { 'X-Forwarded-Host': 'evil.example' }],
    ['that is another port', TRUSTED, { 'X-Forwarded-Host': 'login.example.com:8443' }],
    ['that is no host', TRUSTED, { 'X-Forwarded-Host': 'login.example.com/..' }],
    ['with a user', TRUSTED, { 'X-Forwarded-Host': 'login.example.com@evil.example' }],
    ['over plain HTTP', TRUSTED, { 'X-Forwarded-Host': 'login.example.com', 'X-Forwarded-Proto': 'http' }],
    [
      'for another site',
      TRUSTED,
      { 'X-Forwarded-Host': 'login.example.com', Origin: 'https://evil.example' },
    ],
    ['for no site', TRUSTED, { 'X-Forwarded-Host': 'login.example.com', Origin: 'null' }],
    [
      'that names the upstream',
      TRUSTED,
      { 'X-Forwarded-Host': 'login.example.com', Origin: 'https://upstream:3000' },
    ],
    [
      'for a request that another site has made',
      TRUSTED,
      { 'X-Forwarded-Host': 'login.example.com', 'Sec-Fetch-Site': 'cross-site' },
    ],
  ])('but not by an X-Forwarded-Host %s', async (_name, from, headers) => {
    await starts({});
    expect(await submits(from, rewritten(headers))).toBe('refused');
  });

  it('forms work when PUBLIC_URL is our origin, whoever the proxy is', async () => {
    await starts({ PUBLIC_URL: `${ORIGIN}/somewhere` });
    for (const from of [TRUSTED, STRANGER]) {
      expect(await submits(from, rewritten())).toBe(200);
      expect(await submits(from, rewritten({ 'Sec-Fetch-Site': 'same-origin' }))).toBe(200);
      for (const origin of ['http://login.example.com', `${ORIGIN}:8443`, `${ORIGIN}.evil.example`, 'null'])
        expect([origin, await submits(from, rewritten({ Origin: origin }))]).toEqual([origin, 'refused']);
    }
    // Whoever comes to it by its own name is served too: a health check, an operator on the machine.
    expect(await submits(STRANGER, { Origin: new URL(application.url).origin })).toBe(200);
  });

  it('another site is refused although PUBLIC_URL would match', async () => {
    await starts({ PUBLIC_URL: ORIGIN });
    expect(await submits(STRANGER, rewritten({ Origin: 'https://evil.example' }))).toBe('refused');
  });
});
