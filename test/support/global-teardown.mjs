import { rmSync } from 'node:fs';
import pg from 'pg';

export default async function globalTeardown() {
  const { server, directory } = globalThis.testPostgres;
  if (!server) {
    const admin = new pg.Client({ connectionString: process.env.TEST_POSTGRES_URL });
    await admin.connect();
    await admin.query(`DROP DATABASE IF EXISTS ${process.env.TEST_TEMPLATE_DATABASE} WITH (FORCE)`);
    await admin.end();
  }
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
}
