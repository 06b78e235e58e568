import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.setup.js';
import { loadConfig } from '../../src/config/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { testEnvironment } from '../support/environment.js';
import { Visitor } from './visitor.js';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

describe('session cookies are signed with keys of their own', () => {
  const [oldKey, newKey, fingerprintKey] = [key('s1'), key('s2'), key('f1')] as const;
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ SESSION_KEYS: oldKey, PHONE_FINGERPRINT_KEYS: fingerprintKey });
  });
  afterAll(() => application.close());

  /** What another instance on the same data, with these keys, answers to somebody's cookie. */
  const statusUnder = async (person: Visitor, keys: Record<string, string>) => {
    const app = await createApp(loadConfig(testEnvironment(application, keys)), {
      databaseUrl: application.databaseUrl,
      vonageApiHost: application.sandbox.url,
    });
    try {
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      const { status } = await fetch(`http://127.0.0.1:${port}/account`, {
        headers: { Cookie: person.cookieHeader(), Accept: 'application/json' },
      });
      return status;
    } finally {
      await app.close();
    }
  };

  it('a new key ends no session while the old one stays listed; taking the old one out ends it', async () => {
    const person = await new Visitor(application).signsUp();
    const rings = [`${newKey},${oldKey}`, newKey];
    const statuses: number[] = [];
    for (const SESSION_KEYS of rings)
      statuses.push(await statusUnder(person, { SESSION_KEYS, PHONE_FINGERPRINT_KEYS: fingerprintKey }));
    expect(statuses).toEqual([200, 401]);
  });

  it('another fingerprint ring changes nothing for sessions', async () => {
    const person = await new Visitor(application).signsUp();
    const rings = { SESSION_KEYS: oldKey, PHONE_FINGERPRINT_KEYS: `${key('f2')},${fingerprintKey}` };
    expect(await statusUnder(person, rings)).toBe(200);
  });
});
