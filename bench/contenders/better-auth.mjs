import { join } from 'node:path';

/** Without what the others do not do either: no session. Also without limits, in its favour. @type {import('./index.mjs').Contender} */
export const betterAuth = {
  title: 'better-auth, phone number plugin',
  async prepare(url) {
    const [{ getMigrations }, { createAuth }] = await Promise.all([
      import('better-auth/db/migration'),
      import('../servers/better-auth.mjs'),
    ]);
    const { auth, close } = createAuth(url);
    const { runMigrations } = await getMigrations(auth.options);
    await runMigrations();
    await close();
  },
  script: join(import.meta.dirname, '..', 'servers', 'better-auth.mjs'),
  env: {},
  conversation: 'betterAuth',
  verifiedRows: `SELECT substr("phoneNumber", 2) AS key FROM "user" WHERE "createdAt" >= $1 AND "phoneNumberVerified"`,
  ledgerKey: 'to',
};

/** As it comes in production. @type {import('./index.mjs').Contender} */
export const betterAuthAsItComes = {
  ...betterAuth,
  title: 'better-auth as it comes, with limits and sessions',
  env: { BETTER_AUTH_LIMITS: 'on' },
  conversation: 'betterAuthWithSession',
};
