import { Inject, Injectable, Optional } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { poolOf } from './sql.js';

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

/** Whether statements are prepared by name. Turn it off for a pooler that hands every transaction another connection. */
export const PREPARED_STATEMENTS = Symbol('PREPARED_STATEMENTS');

const camelCase = (column: string) =>
  column.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());

/**
 * Runs statements, each its own transaction, on TypeORM's own pool. They do not go through `DataSource.query` because it
 * cannot prepare by name, which saves 40 % of Postgres's CPU here (docs/decisions/0011).
 */
@Injectable()
export class StatementRunner {
  private readonly columnNames = new Map<string, string[]>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Optional() @Inject(PREPARED_STATEMENTS) private readonly isPrepared: boolean | null = true,
  ) {}

  /** @returns the rows; a column `phone_number` is the property `phoneNumber` */
  async all<Parameters, Row>(
    { name, text, parameters }: Statement<Parameters, Row>,
    values: Parameters,
  ): Promise<Row[]> {
    const result = await poolOf(this.dataSource).query<unknown[]>({
      ...(this.isPrepared === false ? {} : { name: `otp.${name}` }),
      text,
      values: parameters.map((parameter) => values[parameter]),
      rowMode: 'array',
    });
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
}
