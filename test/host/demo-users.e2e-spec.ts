import { createApp } from '../../src/app.setup.js';
import type { Surroundings } from '../../src/app.module.js';
import { loadConfig } from '../../src/config/index.js';
import { DEMO_USERS, PasswordChanges, Users } from '../../src/host/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { testEnvironment } from '../support/environment.js';

describe('the demo users, whose password is in the README', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const starts = async (demoUsers: Surroundings['demoUsers']) => {
    const config = loadConfig(testEnvironment(application));
    const app = await createApp(config, { databaseUrl: application.databaseUrl, demoUsers });
    try {
      await app.init();
    } finally {
      await app.close();
    }
  };

  it('are not there by themselves', async () => {
    expect(await application.app.get(Users, { strict: false }).all()).toEqual([]);
    await expect(starts('refuse')).resolves.toBeUndefined();
  });

  it('keep an application from serving until each has another password', async () => {
    const [demo, admin] = DEMO_USERS;
    await starts('create');
    await expect(starts('refuse')).rejects.toThrow(`${demo.email}, ${admin.email}`);
    const users = application.app.get(Users, { strict: false });
    const passwords = application.app.get(PasswordChanges, { strict: false });
    await passwords.change((await users.findByEmail(demo.email))!.id, 'a password of the tests');
    await expect(starts('refuse')).rejects.toThrow(`: ${admin.email}.`);
    await passwords.change((await users.findByEmail(admin.email))!.id, 'a password of the tests');
    await expect(starts('refuse')).resolves.toBeUndefined();
    // Started for a look again, they keep what they have been given.
    await starts('create');
    await expect(starts('refuse')).resolves.toBeUndefined();
  });
});
