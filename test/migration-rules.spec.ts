import { readdirSync } from 'node:fs';
import { hostMigrations } from '../migrations/host/index.js';
import {
  adminMigrations,
  protectionMigrations,
  twoFactorMigrations,
  verificationMigrations,
} from '../migrations/index.js';
import { statementsOf, violationsOf } from './support/migration-rules.js';
import { nextMigrations } from './support/next-migration.js';

/** Older migrations are the baseline: there was no version to run beside. */
const FIRST_AFTER_BASELINE = 1_797_000_000_000;

const modules = {
  verification: verificationMigrations,
  protection: protectionMigrations,
  'two-factor': twoFactorMigrations,
  admin: adminMigrations,
  host: hostMigrations,
};
const all = Object.values(modules).flat();
const timestampOf = (name: string) => Number(name.slice(-13));

describe('a migration can run beside the version before it', () => {
  const later = all.filter(({ name }) => timestampOf(name) >= FIRST_AFTER_BASELINE);

  it.each([...later, ...nextMigrations].map((each) => [each.name, each] as const))(
    '%s',
    async (_, migration) => {
      expect(violationsOf(await statementsOf(migration))).toEqual([]);
    },
  );

  it.each([
    ['CREATE INDEX i ON otp_verification_requests (note)', 'CREATE INDEX needs CONCURRENTLY'],
    ['CREATE UNIQUE INDEX i ON otp_verification_requests (note)', 'CREATE INDEX needs CONCURRENTLY'],
    ['CREATE INDEX ON otp_verification_requests (note)', 'an index needs a name'],
    ['DROP INDEX otp_verification_requests_user', 'DROP INDEX needs CONCURRENTLY'],
    [
      'CREATE INDEX CONCURRENTLY i ON otp_verification_requests (note)',
      'CONCURRENTLY needs `transaction = false`',
    ],
    [
      'CREATE INDEX CONCURRENTLY i ON otp_verification_requests (note)',
      'CREATE INDEX CONCURRENTLY needs DROP INDEX CONCURRENTLY IF EXISTS before it',
    ],
    [
      'ALTER TABLE otp_verification_requests ALTER COLUMN locale SET NOT NULL',
      'SET NOT NULL reads the whole table under a lock',
    ],
    [
      'ALTER TABLE otp_verification_requests ADD COLUMN a text, ADD COLUMN note text NOT NULL',
      'a NOT NULL column needs a default',
    ],
    [
      "ALTER TABLE otp_verification_requests ADD COLUMN a text NOT NULL, ADD COLUMN b text DEFAULT ''",
      'a NOT NULL column needs a default',
    ],
    [
      'ALTER TABLE otp_verification_requests ADD COLUMN at timestamptz DEFAULT clock_timestamp()',
      'a volatile default rewrites the table',
    ],
    [
      'ALTER TABLE otp_verification_requests RENAME COLUMN locale TO language',
      'RENAME breaks the running version',
    ],
    [
      'ALTER TABLE otp_verification_requests ADD COLUMN language text, DROP COLUMN locale',
      'what is replaced is dropped by a later release',
    ],
    [
      'ALTER TABLE otp_verification_requests ALTER COLUMN sends TYPE integer',
      'changing a type rewrites the table',
    ],
    [
      'ALTER TABLE otp_verification_requests ADD CONSTRAINT sends_positive CHECK (sends > 0)',
      'a constraint needs NOT VALID, or an index made before it',
    ],
    [
      "UPDATE otp_verification_requests SET locale = 'en'",
      'many rows are changed in batches by a command, not by a migration',
    ],
    ['LOCK TABLE otp_verification_requests', 'LOCK, TRUNCATE, CLUSTER and VACUUM FULL lock the table'],
  ])('%s is found', (sql, rule) => {
    expect(violationsOf({ statements: [sql], transaction: true })).toContain(rule);
  });

  it('while tables of the same migration may be shaped freely', () => {
    const statements = [
      'CREATE TABLE notes (id uuid NOT NULL)',
      'CREATE INDEX notes_id ON notes (id)',
      'ALTER TABLE notes ADD CONSTRAINT notes_pkey PRIMARY KEY (id)',
      'ALTER TABLE otp_verification_requests ADD COLUMN note_count integer NOT NULL DEFAULT 0',
    ];
    expect(violationsOf({ statements, transaction: true })).toEqual([]);
  });
});

describe('the lists of migrations', () => {
  it('are in order, and no timestamp is used twice', () => {
    for (const list of Object.values(modules)) {
      const timestamps = list.map(({ name }) => timestampOf(name));
      expect(timestamps).toEqual(timestamps.toSorted((a, b) => a - b));
    }
    expect(new Set(all.map(({ name }) => timestampOf(name))).size).toBe(all.length);
  });

  it('hold every file of their folder', () => {
    for (const [module, list] of Object.entries(modules)) {
      const files = readdirSync(`migrations/${module}`).filter((file) => file !== 'index.ts');
      expect(files.map((file) => file.slice(0, 13))).toEqual(list.map(({ name }) => name.slice(-13)));
    }
  });
});
