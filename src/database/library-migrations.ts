import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  adminMigrations,
  protectionMigrations,
  twoFactorMigrations,
  verificationMigrations,
} from '../../migrations/index.js';
import { type TableNames, type TableOptions, tableNames } from './table-names.js';

/** A migration class. */
export type MigrationClass = new () => MigrationInterface;

/** The list of the migrations of ours that a database has. */
export const LEDGER = 'otp_migrations';

const MODULES = {
  verification: verificationMigrations,
  protection: protectionMigrations,
  'two-factor': twoFactorMigrations,
  admin: adminMigrations,
} as const satisfies Record<string, MigrationClass[]>;

/** A module of the library that has tables. */
export type ModuleName = keyof typeof MODULES;

/** The names of the modules that have tables, in the order of their migrations. */
export const MODULE_NAMES = Object.keys(MODULES) as ModuleName[];

/** Which migrations, and for which tables. */
export interface MigrationsOptions extends TableOptions {
  /**
   * The modules that you import. `AdminModule` needs the tables of all of them.
   * @default all modules
   */
  modules?: readonly ModuleName[];
}

/** The migrations of some modules as they are written, in order. */
export const migrationsOf = (modules: readonly ModuleName[] = MODULE_NAMES): MigrationClass[] =>
  MODULE_NAMES.filter((name) => modules.includes(name)).flatMap((name): MigrationClass[] => MODULES[name]);

/**
 * Makes the migrations for the `migrations` of your own TypeORM data source. Each leaves out what `runMigrations` has done,
 * and tells `runMigrations` what it has done itself.
 */
export function migrationsFor({ modules, ...tables }: MigrationsOptions = {}): MigrationClass[] {
  return located(migrationsOf(modules), tableNames(tables));
}

/** The same migrations with the names of a database, and with the {@link LEDGER} of this database. */
export const located = (migrations: readonly MigrationClass[], names: TableNames): MigrationClass[] =>
  migrations.map((Migration) => {
    const written = new Migration();
    const name = written.name ?? Migration.name;
    return class implements MigrationInterface {
      readonly name = name;
      readonly transaction = written.transaction;

      async up(runner: QueryRunner): Promise<void> {
        if (keepsLedger(runner, names)) return written.up(withNames(runner, names));
        await inTransaction(runner, written, async () => {
          if (await isInLedger(runner, names, name)) return;
          await written.up(withNames(runner, names));
          await runner.query(...entryOf(names, name));
        });
      }

      async down(runner: QueryRunner): Promise<void> {
        if (keepsLedger(runner, names)) return written.down(withNames(runner, names));
        await inTransaction(runner, written, async () => {
          if (!(await isInLedger(runner, names, name))) return;
          await written.down(withNames(runner, names));
          await runner.query(names.inSql(`DELETE FROM ${LEDGER} WHERE name = $1`), [name]);
        });
      }
    };
  });

/** Whether TypeORM itself writes what it runs into our ledger. */
const keepsLedger = (runner: QueryRunner, names: TableNames): boolean =>
  runner.manager.connection.options.migrationsTableName === names.named(LEDGER);

/** CREATE SCHEMA IF NOT EXISTS needs the right to create one even where it exists. */
export const createSchema = ({ schema }: TableNames): string[] =>
  schema === null
    ? []
    : [
        `DO $$ BEGIN IF to_regnamespace('"${schema}"') IS NULL THEN CREATE SCHEMA "${schema}"; END IF; END $$`,
      ];

/** The ledger, in TypeORM's own format. */
export const createLedger = (names: TableNames): string =>
  names.inSql(`CREATE TABLE IF NOT EXISTS ${LEDGER} (
    id serial NOT NULL, "timestamp" bigint NOT NULL, name character varying NOT NULL,
    CONSTRAINT otp_migrations_pkey PRIMARY KEY (id))`);

/** The statement that writes a migration into the ledger. TypeORM's convention: its name ends in 13 digits. */
const entryOf = (names: TableNames, name: string): [string, unknown[]] => [
  names.inSql(`INSERT INTO ${LEDGER} ("timestamp", name) VALUES ($1, $2)`),
  [Number(name.slice(-13)), name],
];

/** Whoever else migrates waits for this transaction, and then finds its entry. */
async function isInLedger(runner: QueryRunner, names: TableNames, name: string): Promise<boolean> {
  for (const statement of [...createSchema(names), createLedger(names)]) await runner.query(statement);
  await runner.query(names.inSql(`LOCK TABLE ${LEDGER} IN SHARE ROW EXCLUSIVE MODE`));
  const rows = (await runner.query(names.inSql(`SELECT 1 FROM ${LEDGER} WHERE name = $1`), [
    name,
  ])) as unknown[];
  return rows.length > 0;
}

/** A migration and its entry in the ledger are one change, also where TypeORM runs migrations without transactions. */
async function inTransaction(
  runner: QueryRunner,
  { transaction }: MigrationInterface,
  work: () => Promise<void>,
): Promise<void> {
  if (runner.isTransactionActive || transaction === false) return work();
  await runner.startTransaction();
  try {
    await work();
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw error;
  }
}

/** The query runner for a migration that is written with `otp_`. */
function withNames(runner: QueryRunner, names: TableNames): QueryRunner {
  if (names.key === '') return runner;
  return new Proxy(runner, {
    get(target, property) {
      if (property === 'query')
        return (text: string, values?: unknown[], isStructured = false) =>
          isStructured
            ? target.query(names.inSql(text), values, true)
            : target.query(names.inSql(text), values);
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * Prints migrations as one SQL script: each is a transaction, which also writes itself into the ledger, so that
 * `runMigrations` and the check at the start find nothing pending.
 * @param only the names of the migrations to print, by default all
 */
export async function printMigrations(
  { modules, ...tables }: MigrationsOptions = {},
  only?: readonly string[],
): Promise<string> {
  const names = tableNames(tables);
  const script = [...createSchema(names), createLedger(names)].map((statement) => `${statement};`);
  for (const Migration of migrationsOf(modules)) {
    const migration = new Migration();
    const name = migration.name ?? Migration.name;
    if (only && !only.includes(name)) continue;
    const statements: string[] = [];
    const recorder = { query: async (text: string) => statements.push(names.inSql(text)) };
    await migration.up(recorder as unknown as QueryRunner);
    const [insert, [timestamp]] = entryOf(names, name);
    statements.push(insert.replace('$1', String(timestamp)).replace('$2', `'${name}'`));
    const body = statements.map((statement) => `${statement.trim()};`);
    script.push(
      '',
      `-- ${name}`,
      ...(migration.transaction === false ? body : ['BEGIN;', ...body, 'COMMIT;']),
    );
  }
  return script.join('\n');
}

/** {@link migrationsFor} all modules, in tables with the default names. */
export const migrations = migrationsFor();
