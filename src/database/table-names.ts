import { createHash } from 'node:crypto';

/** Where the tables of the library are. */
export interface TableOptions {
  /**
   * The schema of the library's tables. With it, every statement names the schema, whatever the `search_path`.
   * @default none: tables are found by the connection's `search_path`
   */
  schema?: string;
  /**
   * What the names of the library's tables, indexes and constraints begin with. It may be empty with a `schema` of their
   * own only.
   * @default 'otp_'
   */
  tablePrefix?: string;
}

/** The prefix that all our SQL and all our entities are written with. */
export const WRITTEN_PREFIX = 'otp_';

/** Rewrites SQL, or one name, that is written with {@link WRITTEN_PREFIX}. */
export interface TableNames {
  /** The schema, where one is set. */
  readonly schema: string | null;
  readonly prefix: string;
  /** Different for each configuration, and empty for the defaults. Short: Postgres cuts names off after 63 characters. */
  readonly key: string;
  /** @returns the statement with the names as they are in the database; the same text when both options have their defaults */
  inSql(text: string): string;
  /** @returns one name with the prefix of the database */
  named(name: string): string;
}

/**
 * Names of ours in SQL. Postgres takes no schema before some of them: a new index or constraint, the new name of a table, and
 * the tables in FOR UPDATE OF.
 */
const NAMES =
  /(?<bare>\b(?:CONSTRAINT|OF|RENAME\s+TO|USING\s+INDEX|CREATE\s+(?:UNIQUE\s+)?INDEX(?:\s+CONCURRENTLY)?(?:\s+IF\s+NOT\s+EXISTS)?)\s+)?(?<![\w.'"])otp_(?<name>\w+)/gi;

/**
 * Checks the options and makes the function that puts them into SQL.
 * @throws RangeError if a name would need quoting rules of its own
 */
export function tableNames({ schema, tablePrefix = WRITTEN_PREFIX }: TableOptions = {}): TableNames {
  if (schema !== undefined) requireSchemaName(schema);
  if (!/^(?:[a-z_][a-z0-9_]{0,19})?$/.test(tablePrefix))
    throw new RangeError(
      `database.tablePrefix must be at most 20 lower-case letters, digits and "_", and begin with a letter or "_", not "${tablePrefix}"`,
    );
  if (tablePrefix === '' && (schema ?? 'public') === 'public')
    throw new RangeError(
      'database.tablePrefix may be empty in a database.schema of its own only: elsewhere our table of migrations would be that of TypeORM',
    );
  const named = (name: string) => name.replace(/^otp_/, tablePrefix);
  const isAsWritten = schema === undefined && tablePrefix === WRITTEN_PREFIX;
  const before = schema === undefined ? '' : `"${schema}".`;
  const rewrite = (_match: string, bare: string | undefined, name: string) =>
    bare === undefined ? `${before}${tablePrefix}${name}` : `${bare}${tablePrefix}${name}`;
  return {
    schema: schema ?? null,
    prefix: tablePrefix,
    key: isAsWritten ? '' : `${shortHash(`${schema ?? ''}.${tablePrefix}`)}.`,
    named,
    inSql: isAsWritten ? (text) => text : (text) => text.replace(NAMES, rewrite),
  };
}

const shortHash = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 8);

/** @throws RangeError if the schema's name would need quoting rules of its own */
function requireSchemaName(schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new RangeError(
      `The schema's name must be lower-case letters, digits and "_", at most 63, and begin with a letter or "_", not "${schema}".`,
    );
}
