import { ApiTokens } from '../../src/admin/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { furtherInstances } from '../support/instances.js';
import { administrator, program } from './administrator.js';

describe('API tokens end with what they came from', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const works = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await application.client.json('GET', '/admin/tokens', undefined, headers)).status;
  };
  const makeWith = (token: string, fields: object = {}) =>
    application.client.json(
      'POST',
      '/admin/tokens',
      { name: 'a child', scopes: ['tokens:write'], reason: 'a test', ...fields },
      { Authorization: `Bearer ${token}` },
    );
  const childOf = async (token: string, fields: object = {}) => {
    const answer = await makeWith(token, fields);
    expect(answer.status).toBe(200);
    return answer.body as { id: string; token: string; expiresAt: string | null; parentId: string | null };
  };
  const madeByAdministrator = async (days?: string) => {
    const admin = await administrator(application);
    const answer = await admin.call('POST', '/admin/tokens', {
      name: 'a parent',
      scopes: 'tokens:write',
      reason: 'a test',
      ...(days ? { days } : {}),
    });
    expect(answer.status).toBe(200);
    return { admin, ...(answer.body as { id: string; token: string; expiresAt: string | null }) };
  };

  it('a token makes none that lives longer than itself, or that may do more', async () => {
    const parent = await madeByAdministrator('1');
    for (const days of [{}, { days: 30 }]) {
      const child = await childOf(parent.token, days);
      expect(child).toMatchObject({ expiresAt: parent.expiresAt, parentId: parent.id });
      const grandchild = await childOf(child.token, days);
      expect(grandchild).toMatchObject({ expiresAt: parent.expiresAt, parentId: child.id });
    }
    const endless = await madeByAdministrator();
    const brief = await childOf(endless.token, { days: 1 });
    expect(Date.parse(brief.expiresAt!)).toBeLessThan(Date.now() + 86_400_000 + 5000);
    const refused = await makeWith(parent.token, { scopes: ['tokens:write', 'numbers:reveal'] });
    expect([refused.status, refused.body['code']]).toEqual([403, 'forbidden']);
  });

  it('revoking a token revokes what was made with it, and what was made with that', async () => {
    const parent = await madeByAdministrator();
    const child = await childOf(parent.token);
    const grandchild = await childOf(child.token);
    const other = await madeByAdministrator();
    expect(await works(grandchild.token)).toBe(200);
    const revoked = await parent.admin.post(`/admin/tokens/${parent.id}/revoke`, { reason: 'a test' });
    expect(revoked.status).toBe(200);
    for (const { token } of [parent, child, grandchild]) expect(await works(token)).toBe(401);
    expect(await works(other.token)).toBe(200);
    const { rows } = await application.sql.query<{ count: string }>(
      'SELECT count(*) FROM otp_api_tokens WHERE id = ANY($1) AND revoked_at IS NOT NULL',
      [[parent.id, child.id, grandchild.id]],
    );
    expect(rows[0]!.count).toBe('3');
  });

  it('children made while their parent is revoked do not work', async () => {
    for (let round = 0; round < 5; round += 1) {
      const parent = await program(application);
      const tokens = application.app.get(ApiTokens, { strict: false });
      const made = await Promise.all([
        ...Array.from({ length: 6 }, () => makeWith(parent.token)),
        tokens.revoke('cli:test', parent.id, 'a test').then(() => null),
      ]);
      for (const answer of made) {
        const token = answer?.body['token'];
        if (typeof token === 'string') expect(await works(token)).toBe(401);
      }
      const { rows } = await application.sql.query(
        `SELECT 1 FROM otp_api_tokens WHERE parent_id = $1 AND revoked_at IS NULL`,
        [parent.id],
      );
      // Those that were written before the revocation are revoked with it; later ones are not written at all.
      expect(rows).toEqual([]);
    }
  });

  it('a token works no longer than its maker has the role, and neither do its children', async () => {
    const parent = await madeByAdministrator();
    const child = await childOf(parent.token);
    expect(await works(child.token)).toBe(200);
    await application.sql.query(`UPDATE host_users SET role = 'user' WHERE email = $1`, [parent.admin.email]);
    for (const { token } of [parent, child]) expect(await works(token)).toBe(401);
    expect((await makeWith(parent.token)).status).toBe(401);
  });

  it('the last use is known also when the instance stopped just after it', async () => {
    const { id, token } = await program(application);
    const others = await furtherInstances(application, 1, {});
    const headers = { Authorization: `Bearer ${token}` };
    try {
      const answer = await others.all[1]!.client.json('GET', '/admin/tokens', undefined, headers);
      expect(answer.status).toBe(200);
    } finally {
      await others.close();
    }
    const { rows } = await application.sql.query<{ wasUsed: boolean }>(
      `SELECT last_used_at IS NOT NULL AS "wasUsed" FROM otp_api_tokens WHERE id = $1`,
      [id],
    );
    expect(rows).toEqual([{ wasUsed: true }]);
  });
});
