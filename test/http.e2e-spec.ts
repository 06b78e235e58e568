import { freshNumber, startApplication, type TestApplication } from './support/application.js';

describe('HTML or JSON', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const FORM = 'application/x-www-form-urlencoded';
  const JSON_TYPE = 'application/json';
  it.each<[string | undefined, string, 'html' | 'json']>([
    ['text/html', JSON_TYPE, 'html'],
    ['application/json', FORM, 'json'],
    ['application/problem+json', FORM, 'json'],
    ['text/html;q=0.5, application/json', FORM, 'json'],
    ['text/html, application/json;q=0.5', JSON_TYPE, 'html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', FORM, 'html'],
    ['application/xml, */*;q=0.1', FORM, 'html'],
    ['application/xml, */*;q=0.1', JSON_TYPE, 'json'],
    ['*/*', FORM, 'html'],
    ['*/*', JSON_TYPE, 'json'],
    ['application/*', FORM, 'json'],
    ['text/*', JSON_TYPE, 'html'],
    ['text/html;q=0, */*', FORM, 'json'],
    ['application/json; charset=utf-8', FORM, 'json'],
    ['application/json;odata="verbose, all";q=0.9, text/html; level=1 ;q=0.5', FORM, 'json'],
    ['text/html; charset=UTF-8', JSON_TYPE, 'html'],
  ])('Accept %s with a body of %s is answered in %s', async (accept, type, kind) => {
    const phoneNumber = freshNumber();
    const answer = await application.client.send('POST', '/request-otp', {
      headers: { 'Content-Type': type, ...(accept ? { Accept: accept } : {}) },
      body:
        type === FORM ? `phoneNumber=${encodeURIComponent(phoneNumber)}` : JSON.stringify({ phoneNumber }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(
      kind === 'html' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    );
    expect(answer.headers.get('vary')).toMatch(/\bAccept\b/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('GET / is the phone form for people and a description for programs', async () => {
    const { client } = application;
    const page = await client.html('GET', '/');
    expect(page.text).toContain('action="/request-otp"');
    const described = await client.json('GET', '/');
    expect(described.body).toMatchObject({ name: 'nest-sms-otp', version: expect.any(String) });
    expect(described.body['routes']).toContainEqual(
      expect.objectContaining({ method: 'POST', path: '/verify-otp' }),
    );
  });

  it('HEAD answers like GET without a body', async () => {
    const answer = await application.client.html('HEAD', '/');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describe('what every answer carries', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  it.each(['/', '/nowhere', '/docs', '/openapi.json', '/otp-assets/otp.css', '/health/live'])(
    'strict security headers on %s',
    async (path) => {
      const { headers } = await application.client.html('GET', path);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it('no inline script or style on any page', async () => {
    for (const path of ['/', '/docs', '/nowhere']) {
      const { text } = await application.client.html('GET', path);
      expect(text).not.toMatch(/<script(?![^>]*src=)|<style| style=| on\w+=/);
    }
  });

  it('a cookie that scripts cannot read and other sites do not send', async () => {
    const { headers } = await application.client.html('GET', '/');
    expect(headers.get('set-cookie')).toMatch(/^otp-caller=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/);
  });
});

describe('posts from other sites are refused before they do anything', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const posts = ['/request-otp', '/verify-otp', '/resend-otp', '/cancel-otp'];
  it.each([
    ['a foreign Origin', { Origin: 'https://evil.example' }],
    ['Origin: null', { Origin: 'null' }],
    ['a cross-site fetch without Origin', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a same-site neighbour', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://neighbour.127.0.0.1' }],
  ])('%s', async (_name, headers) => {
    for (const path of posts) {
      const answer = await application.client.json('POST', path, { phoneNumber: freshNumber() }, headers);
      expect([path, answer.status, answer.body['code']]).toEqual([path, 403, 'cross-origin']);
    }
    expect(application.sandbox.calls().start).toBe(0);
  });

  it('JSON disguised as text/plain', async () => {
    const answer = await application.client.send('POST', '/request-otp', {
      headers: { 'Content-Type': 'text/plain', Accept: 'application/json' },
      body: JSON.stringify({ phoneNumber: freshNumber() }),
    });
    expect(answer.status).toBe(415);
  });

  it('a GET changes nothing', async () => {
    for (const path of posts.filter((each) => each !== '/verify-otp')) {
      expect((await application.client.json('GET', `${path}?phoneNumber=${freshNumber()}`)).status).toBe(404);
    }
  });

  it('our own pages and programs may', async () => {
    const { client, url } = application;
    const ours: Record<string, string>[] = [{ Origin: url }, { 'Sec-Fetch-Site': 'same-origin' }, {}];
    for (const headers of ours) {
      expect(
        (await client.html('POST', '/request-otp', { phoneNumber: freshNumber() }, headers)).status,
      ).toBe(200);
    }
  });
});

describe('health and documents', () => {
  it('the documents may be kept for minutes, and are not served where they are switched off', async () => {
    const open = await startApplication();
    try {
      for (const path of ['/docs', '/openapi.json']) {
        const { status, headers } = await open.client.html('GET', path);
        expect([path, status, headers.get('cache-control')]).toEqual([path, 200, 'public, max-age=300']);
      }
    } finally {
      await open.close();
    }
    const closed = await startApplication({ API_DOCS: 'off' });
    try {
      for (const path of ['/docs', '/openapi.json'])
        expect([path, (await closed.client.html('GET', path)).status]).toEqual([path, 404]);
    } finally {
      await closed.close();
    }
  });

  it('tells alive from ready', async () => {
    const application = await startApplication();
    try {
      const { client } = application;
      expect((await client.json('GET', '/health/live')).body['status']).toBe('ok');
      expect((await client.json('GET', '/health/ready')).body).toMatchObject({
        details: { database: { status: 'up' } },
      });
    } finally {
      await application.close();
    }
  });

  it('documents every route, and shows every problem to people', async () => {
    const application = await startApplication();
    try {
      const { body } = await application.client.json('GET', '/openapi.json');
      const paths = Object.keys(body['paths'] as object).filter(
        (path) => !/^\/(two-factor|account|sign-|password-reset|admin)/.test(path),
      );
      expect(paths.sort()).toEqual([
        '/',
        '/cancel-otp',
        '/health/live',
        '/health/ready',
        '/request-otp',
        '/resend-otp',
        '/verifications/{requestId}',
        '/verify-otp',
        '/webhooks/vonage/verify',
      ]);
      const page = await application.client.html('GET', '/docs');
      expect(page.text).toContain('id="wrong-code"');
      // Each language of it may be kept, also by a cache that others share.
      expect(page.headers.get('vary')).toMatch(/Accept-Language, Cookie/);
    } finally {
      await application.close();
    }
  });
});
