import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { loadConfig } from '../dist/src/config/index.js';
import { findEmbeddedPostgres } from '../dist/src/database/embedded-postgres/index.js';
import { migrate } from '../dist/src/schema.js';
import { clear, holdsOthers, seedHistory } from './seeding.mjs';

const HELP = `Usage: npm run seed -- --rows <n> [--days <n>] [--again]

Fills the database of DATABASE_URL, or of the application that npm start runs, with a history to try the administration on: requests of the past days to a dozen
countries, with their events and decisions. Instances bring their statistics up to date by themselves.

  --rows <n>   requests                                              (1000000: some minutes and 2 GB)
  --days <n>   over so many days                                     (60)
  --again      first takes away what an earlier run has made

A database that holds anything else is left alone.
`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '60' },
    again: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const url =
    process.env['DATABASE_URL'] ?? findEmbeddedPostgres(join(loadConfig().dataDirectory, 'postgres'));
  const [rows, days] = [Number(values.rows), Number(values.days)];
  if (!Number.isInteger(rows) || rows < 1 || !(days > 0))
    throw new Error('--rows and --days are whole numbers');
  if (!url)
    throw new Error('There is no database: set DATABASE_URL, or start the application, which brings one.');
  await migrate(url);
  const sql = new pg.Client({ connectionString: url });
  await sql.connect();
  try {
    if (await holdsOthers(sql)) throw new Error('this database holds requests that were not seeded');
    const { rows: any } = await sql.query('SELECT 1 FROM otp_verification_requests LIMIT 1');
    if (any.length > 0 && !values.again) throw new Error('it is seeded already: --again begins anew');
    if (values.again) await clear(sql);
    const progress = (/** @type {number} */ done) => process.stderr.write(`${done} of ${rows} requests\n`);
    await seedHistory(sql, { rows, days, progress });
  } finally {
    await sql.end();
  }
}

if (values.help) process.stdout.write(HELP);
else
  main().catch((/** @type {Error} */ error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
