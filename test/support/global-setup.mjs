import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/**
 * One real Postgres a run: the one of DATABASE_URL (its role needs CREATEDB), or an embedded one. The migrations run
 * once, into a template that every suite's own database is cloned from. Needs the build that `npm test` makes.
 */
export default async function globalSetup() {
  const { startEmbeddedPostgres } = await import('../../dist/src/database/embedded-postgres/index.js');
  const { migrate } = await import('../../dist/src/schema.js');

  const given = process.env.DATABASE_URL;
  const directory = mkdtempSync(join(tmpdir(), 'otp-test-'));
  // As root the server runs as another user, who has to get in.
  chmodSync(directory, 0o755);
  const server = given
    ? null
    : await startEmbeddedPostgres({ dataDirectory: join(directory, 'postgres'), forTests: true });

  // The application is an ordinary role, as it should be everywhere; a given database may have none to spare.
  const adminUrl = given ?? server.adminUrl;
  const application = new URL(given ?? server.url);
  const template = `otp_template_${randomBytes(5).toString('hex')}`;
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(
    `CREATE DATABASE ${template} OWNER ${pg.escapeIdentifier(decodeURIComponent(application.username))}`,
  );
  await admin.end();

  const templateUrl = new URL(application);
  templateUrl.pathname = template;
  await migrate(templateUrl.href);
  process.env.TEST_DIRECTORY = directory;
  process.env.TEST_POSTGRES_URL = adminUrl;
  process.env.TEST_APPLICATION_URL = application.href;
  process.env.TEST_TEMPLATE_DATABASE = template;
  // What a developer's own settings are must not decide what the tests see.
  delete process.env.DATABASE_URL;
  globalThis.testPostgres = { server, directory };
}
