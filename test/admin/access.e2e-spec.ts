import { ApiTokens, type Scope, SCOPES } from '../../src/admin/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { servedRoutes } from '../support/routes.js';
import { Visitor } from '../host/visitor.js';
import { administrator, program } from './administrator.js';

interface Route {
  name: string;
  method: string;
  path: string;
  scope: Scope;
}

const ID = '01890000-0000-7000-8000-000000000000';
const BODY = {
  reason: 'a test',
  phoneNumber: '+14155550100',
  userId: 'nobody',
  name: 'x',
  scopes: ['audit:read'],
};

describe('the routes of the administration', () => {
  let application: TestApplication;
  let routes: Route[];
  beforeAll(async () => {
    application = await startApplication({ ADMIN_FRESH_SECONDS: '60' });
    routes = routesOf(application);
  });
  afterAll(() => application.close());

  const routesOf = (app: TestApplication): Route[] =>
    servedRoutes(app)
      .filter(({ path }) => path.startsWith('/admin'))
      .map(({ name, method, path, handler }) => ({
        name,
        method,
        path,
        scope: Reflect.getMetadata('admin:scope', handler) as Scope,
      }));

  const spellings = (path: string) =>
    [
      path,
      `${path}/`,
      `/${path}`,
      path.replace(/\/(?=[^/]*$)/, '//'),
      path.replace(/\/(?=[^/]*$)/, '%2f'),
      path.toUpperCase(),
      path.replace('/', '/./'),
      `${path};x=1`,
    ].filter((each) => each.startsWith('/'));

  /** The requests that got in. `everyWay`: also with every method, and the address written in other ways. */
  async function statusesOf(headers: Record<string, string>, everyWay = true): Promise<string[]> {
    const reached: string[] = [];
    for (const route of routes) {
      const path = route.path.replace(':id', ID);
      const methods = everyWay ? [route.method, 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'] : [route.method];
      for (const spelling of everyWay ? spellings(path) : [path]) {
        for (const method of new Set(methods)) {
          const hasBody = method === 'POST' || method === 'PUT';
          const answer = await fetch(application.url + spelling, {
            method,
            redirect: 'manual',
            headers: {
              Accept: 'application/json',
              'Content-Type': 'application/json',
              Origin: application.url,
              ...headers,
            },
            ...(hasBody ? { body: JSON.stringify(BODY) } : {}),
          });
          await answer.arrayBuffer();
          if (![401, 403, 404, 405].includes(answer.status))
            reached.push(`${method} ${spelling} ${answer.status}`);
        }
      }
    }
    return reached;
  }

  it('are many, and each names the scope that a token needs', () => {
    expect(routes.length).toBeGreaterThan(18);
    expect(routes.filter(({ scope }) => !SCOPES.includes(scope))).toEqual([]);
  });

  it('are closed to who is nobody, whatever is sent as a token and however the address is written', async () => {
    const { token } = await program(application);
    const tokens = application.app.get(ApiTokens, { strict: false });
    const made = (days?: number) =>
      tokens.create('cli:test', { name: 'x', scopes: SCOPES, reason: 'a test', ...(days ? { days } : {}) });
    const revoked = await made();
    await tokens.revoke('cli:test', revoked.record.id, 'a test');
    const expired = await made(1);
    await application.sql.query(
      `UPDATE otp_api_tokens SET expires_at = now() - interval '1 second' WHERE id = $1`,
      [expired.record.id],
    );
    expect(await statusesOf({})).toEqual([]);
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      'Bearer null',
      `Basic ${Buffer.from(`admin:${token}`).toString('base64')}`,
      `Token ${token}`,
      token,
      `Bearer ${token}x`,
      `Bearer ${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      `Bearer ${token.toUpperCase()}`,
      `Bearer ${token} ${token}`,
      `Bearer ${revoked.token}`,
      `Bearer ${expired.token}`,
      `Bearer sotp_${'0'.repeat(32)}_${'A'.repeat(43)}`,
      `Bearer sotp_' OR 1=1 --`,
    ])
      expect({ authorization, reached: await statusesOf({ Authorization: authorization }, false) }).toEqual({
        authorization,
        reached: [],
      });
  }, 600_000);

  it('are closed to a user without the role, both factors shown', async () => {
    const person = await (await new Visitor(application).signsUp()).enrols();
    expect((await person.get('/account')).status).toBe(200);
    expect(await statusesOf({ Cookie: person.cookieHeader() })).toEqual([]);
  });

  it('are closed to an administrator with the password alone, with a trusted browser, or with a factor shown long ago', async () => {
    const admin = await administrator(application);
    expect((await admin.get('/admin/blocks')).status).toBe(200);
    const elsewhere = admin.elsewhere();
    await elsewhere.signsIn();
    expect(await statusesOf({ Cookie: elsewhere.cookieHeader() })).toEqual([]);

    // Enrolled, but without any factor in this session.
    const plain = await new Visitor(application).signsUp();
    await application.sql.query(`UPDATE host_users SET role = 'admin' WHERE email = $1`, [plain.email]);
    const refused = await plain.get('/admin/blocks');
    expect(refused.body).toMatchObject({ status: 403, code: 'second-factor-required' });

    const stale = admin.elsewhere();
    await stale.isSignedIn();
    expect((await stale.get('/admin/blocks')).status).toBe(200);
    await application.sql.query(
      `UPDATE host_sessions SET sess = regexp_replace(sess::text, '"completedAt":"[^"]+"', '"completedAt":"2020-01-01T00:00:00.000Z"', 'g')::json`,
    );
    const old = await stale.get('/admin/blocks');
    expect(old.body).toMatchObject({ code: 'second-factor-required' });
  });

  it('are open to a token for its scope only', async () => {
    for (const scope of SCOPES) {
      const { token } = await program(application, scope);
      const headers = {
        Authorization: `Bearer ${token}`,
        Accept: 'application/json',
        'Content-Type': 'application/json',
      };
      for (const route of routes) {
        const { status } = await fetch(application.url + route.path.replace(':id', ID), {
          method: route.method,
          headers,
          // Nothing that would do anything.
          ...(route.method === 'POST' ? { body: '{}' } : {}),
        });
        const isTheirs = route.scope === scope;
        expect({ route: route.name, scope, closed: status === 403 }).toEqual({
          route: route.name,
          scope,
          closed: !isTheirs,
        });
      }
    }
  });

  it('let a token give no more than it has', async () => {
    const maker = await program(application, 'tokens:write', 'audit:read');
    const make = (scopes: Scope[]) => maker.post('/admin/tokens', { name: 'x', scopes, reason: 'a test' });
    expect((await make(['audit:read'])).status).toBe(200);
    expect((await make(['audit:read', 'numbers:reveal'])).body).toMatchObject({
      status: 403,
      code: 'forbidden',
    });
    expect((await make([])).status).toBe(400);
  });

  it('refuse a token together with a session that could: what is shown decides', async () => {
    const admin = await administrator(application);
    const answer = await admin.get('/admin/blocks', { Authorization: 'Bearer nonsense' });
    expect(answer.status).toBe(401);
  });

  it('take no act from another site, though the browser sends its session', async () => {
    const admin = await administrator(application);
    const answer = await admin.post(
      '/admin/blocks',
      { kind: 'country', value: 'FR', reason: 'a test' },
      { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    );
    expect(answer.body).toMatchObject({ status: 403, code: 'cross-origin' });
  });

  it('keep tokens as hashes only', async () => {
    const { token } = await program(application);
    const { rows } = await application.sql.query<{ text: string }>(
      `SELECT (SELECT string_agg(t::text, '') FROM otp_api_tokens t) || (SELECT string_agg(a::text, '') FROM otp_admin_audit a) AS text`,
    );
    expect(rows[0]!.text).not.toContain(token.split('_')[2]);
  });
});
