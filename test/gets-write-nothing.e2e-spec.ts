import { TokenUses } from '../src/admin/access/token-uses.js';
import { administrator, program } from './admin/administrator.js';
import { mustBe, Visitor } from './host/visitor.js';
import { withoutBackgroundWork } from '../src/background/background-job.js';
import { startApplication, type TestApplication } from './support/application.js';
import { WriteLog } from './support/write-log.js';

interface Operation {
  parameters?: { name: string; in: string; required?: boolean }[];
}

describe('a GET or a HEAD writes nothing', () => {
  let application: TestApplication;
  let writes: WriteLog;
  let paths: string[];
  /** Nobody, somebody with one factor, with both, an administrator, a program. */
  let callers: Record<string, string>[];

  beforeAll(async () => {
    application = await withoutBackgroundWork(() => startApplication({ RESEND_COOLDOWN_SECONDS: '0' }));
    const { client, sql, started } = application;
    const pending = await (await new Visitor(application).signsUp()).enrols();
    const half = pending.elsewhere();
    mustBe(await half.signsIn(), 'signing in');
    const whole = await (await new Visitor(application).signsUp()).enrols();
    mustBe(await whole.post('/two-factor/authenticators', { label: 'app' }), 'setting up an app');
    const admin = await administrator(application);
    const token = await program(application);
    callers = [
      {},
      { Cookie: half.cookieHeader() },
      { Cookie: whole.cookieHeader() },
      { Cookie: admin.cookieHeader() },
      { Authorization: `Bearer ${token.token}` },
    ];

    // Something to show on every page.
    const { requestId, code } = await started();
    await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    const live = await started();
    const stepUp = await whole.post('/account/payment', { amount: '1.00', recipient: 'ACME' });
    const ids = [requestId, live.requestId, await whole.isChallenged(), String(stepUp.body['grant'])];
    paths = pathsOf((await client.json('GET', '/openapi.json')).body['paths'] as never, ids);
    writes = await WriteLog.install(sql);
  });
  afterAll(() => application.close());

  /** Every GET with every id, and with the ids as the query that it demands. */
  function pathsOf(documented: Record<string, Record<string, Operation>>, ids: string[]): string[] {
    const all = Object.entries(documented).flatMap(([template, { get }]) => {
      if (!get) return [];
      const inQuery = (get.parameters ?? []).filter((each) => each.in === 'query');
      return ids.flatMap((id) => {
        const path = template.replaceAll(/\{\w+\}/g, id);
        const asked = inQuery.filter(({ name }) => /requestId|number/i.test(name));
        return [path, ...asked.map(({ name }) => `${path}?${name}=${id}`)];
      });
    });
    return [...new Set([...all, '/docs', '/openapi.json', '/admin/verifications.csv?why=because'])];
  }

  it('on any route, for anybody', async () => {
    expect(paths.length).toBeGreaterThan(40);
    const written: string[] = [];
    const served = new Set<string>();
    const get = async (path: string, method: string, Accept: string, headers: Record<string, string>) => {
      const init = { method, redirect: 'manual' as const, headers: { Accept, ...headers } };
      const response = await fetch(application.url + path, init);
      await response.arrayBuffer();
      expect([path, response.status < 500]).toEqual([path, true]);
      if (response.status === 200) served.add(path);
    };
    for (const path of paths) {
      await Promise.all(
        callers.flatMap((headers) => [
          get(path, 'GET', 'application/json', headers),
          get(path, 'GET', 'text/html', headers),
          get(path, 'HEAD', 'text/html', headers),
        ]),
      );
      const what = await writes.take();
      if (what.length > 0) written.push(`${path}: ${what.join(', ')}`);
    }
    expect(written).toEqual([]);
    // Not vacuous: most pages were shown to somebody.
    expect(served.size).toBeGreaterThan(20);
  });

  it('and the log would have noticed', async () => {
    await application.started();
    expect(await writes.take()).toContain('INSERT otp_verification_requests');
  });

  it('when a token was last used is written all the same, by itself', async () => {
    const reader = await program(application, 'history:read');
    await reader.get('/admin/verifications');
    await writes.take();
    await application.app.get(TokenUses, { strict: false }).write();
    expect(await writes.take()).toEqual(['UPDATE otp_api_tokens']);
  });

  it('an export is a POST: a link from another site signs nothing as the administrator', async () => {
    const admin = await administrator(application, 'html');
    await writes.take();
    const link = await admin.get('/admin/verifications.csv?why=their+own+words', {
      'Sec-Fetch-Site': 'cross-site',
    });
    expect([link.status, link.headers.get('location')]).toEqual([303, '/admin/verifications']);
    const forged = await admin.post(
      '/admin/verifications.csv',
      { why: 'their own words' },
      { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    );
    expect(forged.status).toBe(403);
    expect(await writes.take()).toEqual([]);
  });
});
