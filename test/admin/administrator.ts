import { ApiTokens } from '../../src/admin/index.js';
import { type Scope, SCOPES } from '../../src/admin/index.js';
import { freshNumber, type TestApplication } from '../support/application.js';
import type { Answer, Kind } from '../support/client.js';
import { Visitor } from '../host/visitor.js';

/** Somebody with the role and a second factor shown just now. */
export async function administrator(application: TestApplication, kind: Kind = 'json'): Promise<Visitor> {
  const person = await (await new Visitor(application, kind).signsUp()).enrols(freshNumber());
  await application.sql.query(`UPDATE host_users SET role = 'admin' WHERE email = $1`, [person.email]);
  return person;
}

/** A program with a token that may do this, or everything. */
export async function program(application: TestApplication, ...scopes: Scope[]) {
  const tokens = application.app.get(ApiTokens, { strict: false });
  const { token, record } = await tokens.create('cli:test', {
    name: 'a test',
    scopes: scopes.length > 0 ? scopes : SCOPES,
    reason: 'for a test',
  });
  const headers = { Authorization: `Bearer ${token}` };
  return {
    id: record.id,
    token,
    get: (path: string, more: Record<string, string> = {}): Promise<Answer> =>
      application.client.json('GET', path, undefined, { ...headers, ...more }),
    post: (path: string, body: object = {}): Promise<Answer> =>
      application.client.json('POST', path, body, headers),
  };
}
export type Program = Awaited<ReturnType<typeof program>>;
