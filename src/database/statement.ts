import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { QueryArrayConfig, QueryArrayResult } from 'pg';
import { observed } from '../diagnostics/index.js';
import { InjectLibraryDataSource, LibraryDataSource } from './library-data-source.js';

/** One SQL statement with named parameters, and the types of what goes in and what comes out. */
export interface Statement<Parameters, Row> {
  /** The name under which a connection prepares it. */
  readonly name: string;
  /** The text as Postgres gets it, with `$1`, `$2`… */
  readonly text: string;
  /** The names behind `$1`, `$2`… */
  readonly parameters: readonly (keyof Parameters & string)[];
  /** For the type checker only. */
  readonly row?: Row;
}

/** Every statement that was declared, by name: a test shows their full texts to reviewers. */
export const STATEMENTS = new Map<string, Statement<never, unknown>>();

/**
 * Declares a statement. Write parameters as `:name`; each becomes one `$n`, however often it is used. The text is
 * translated once, when the module is loaded.
 * @param name unique among all statements
 */
export function statement<Parameters, Row = never>(name: string, text: string): Statement<Parameters, Row> {
  const parameters: string[] = [];
  const numbered = text.replace(/(?<!:):([a-z]\w*)/gi, (_match, parameter: string) => {
    if (!parameters.includes(parameter)) parameters.push(parameter);
    return `$${parameters.indexOf(parameter) + 1}`;
  });
  const declared = { name, text: numbered, parameters: parameters as (keyof Parameters & string)[] };
  if (STATEMENTS.has(name)) throw new Error(`there is another statement ${name}`);
  STATEMENTS.set(name, declared);
  return declared;
}

/** Whether statements are prepared by name. Turn it off for a pooler that hands every transaction another connection and does not track them. */
export const PREPARED_STATEMENTS = Symbol('PREPARED_STATEMENTS');

/** Postgres's codes for a prepared name that is taken, and for one that is unknown. Both come from a pooler. */
const NAME_UNUSABLE = ['42P05', '26000'];

const camelCase = (column: string) =>
  column.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());

/**
 * Runs statements, each its own transaction, on the application's pool. They do not go through `DataSource.query` because it
 * cannot prepare by name, which saves 40 % of Postgres's CPU here (docs/decisions/0011).
 */
@Injectable()
export class StatementRunner {
  private readonly logger = new Logger('StatementRunner');
  private readonly columnNames = new Map<string, string[]>();
  /** The statements' texts with the names of this database. */
  private readonly texts = new Map<string, string>();

  constructor(
    @InjectLibraryDataSource() private readonly dataSource: LibraryDataSource,
    @Optional() @Inject(PREPARED_STATEMENTS) private isPrepared: boolean | null = true,
  ) {}

  /** @returns the rows; a column `phone_number` is the property `phoneNumber` */
  async all<Parameters, Row>(
    { name, text, parameters }: Statement<Parameters, Row>,
    values: Parameters,
  ): Promise<Row[]> {
    const query = {
      text: this.textOf(name, text),
      values: parameters.map((parameter) => values[parameter]),
      rowMode: 'array',
    } as const;
    const result = await observed(name, () => this.query(name, query));
    if (result.rows.length === 0) return [];
    let columns = this.columnNames.get(name);
    if (!columns) {
      columns = result.fields.map((field) => camelCase(field.name));
      this.columnNames.set(name, columns);
    }
    return result.rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])) as Row);
  }

  /** @returns the first row, or null */
  async one<Parameters, Row>(statement: Statement<Parameters, Row>, values: Parameters): Promise<Row | null> {
    return (await this.all(statement, values))[0] ?? null;
  }

  private textOf(name: string, text: string): string {
    let known = this.texts.get(name);
    if (known === undefined) {
      known = this.dataSource.names.inSql(text);
      this.texts.set(name, known);
    }
    return known;
  }

  private async query(name: string, query: QueryArrayConfig): Promise<QueryArrayResult<unknown[]>> {
    const { pool, names } = this.dataSource;
    if (this.isPrepared === false) return pool.query<unknown[]>(query);
    try {
      return await pool.query<unknown[]>({ ...query, name: `otp.${names.key}${name}` });
    } catch (error) {
      // Postgres refused the name before it ran anything, so the statement can be sent again.
      if (!NAME_UNUSABLE.includes(String((error as { code?: unknown }).code))) throw error;
      this.stopUsingNames();
      return pool.query<unknown[]>(query);
    }
  }

  private stopUsingNames(): void {
    // Others may have failed at the same time.
    if (this.isPrepared === false) return;
    this.isPrepared = false;
    this.logger.warn(
      'prepared statements do not work behind this pooler and are no longer used: set DATABASE_PREPARED_STATEMENTS=off (preparedStatements: false)',
    );
  }
}
