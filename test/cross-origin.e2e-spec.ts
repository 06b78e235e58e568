import { administrator, program } from './admin/administrator.js';
import { Visitor } from './host/visitor.js';
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
