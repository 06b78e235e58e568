import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { poolOf } from '../database/sql.js';
import { type StatementName, STATEMENTS } from './verification.statements.js';

/** Hears of every statement that may have written an event. */
export interface StatementObserver {
  /** Just before it runs. @returns to be called with the rows, or with null when it is not known what happened */
  begins(): (rows: readonly { id: string; events: number }[] | null) => void;
}

/** Statements that write one event for every row that they return. */
const WRITES_EVENTS = new Set<StatementName>(
  (Object.keys(STATEMENTS) as StatementName[]).filter((name) =>
    STATEMENTS[name].includes('INSERT INTO verification_events'),
  ),
);

/** A statement may answer without having changed anything. */
const hasId = (row: { id: string | null; events: number }): row is { id: string; events: number } =>
  row.id !== null;

/** Runs the named statements, each its own transaction. */
@Injectable()
export class StatementRunner {
  private observer: StatementObserver | null = null;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  observe(observer: StatementObserver | null): void {
    this.observer = observer;
  }

  /** The first row; null means that nothing was in the state that the statement leaves from. */
  async one<Row>(name: StatementName, values: unknown[]): Promise<Row | null> {
    return (await this.all<Row>(name, values))[0] ?? null;
  }

  async all<Row>(name: StatementName, values: unknown[]): Promise<Row[]> {
    const ends = this.observer && WRITES_EVENTS.has(name) ? this.observer.begins() : null;
    try {
      const rows = await this.query(name, values);
      ends?.((rows as { id: string | null; events: number }[]).filter(hasId));
      return rows as Row[];
    } catch (error) {
      ends?.(null);
      throw error;
    }
  }

  /** Prepared by name on TypeORM's own pool: its query() has no names, and they save 40 % of Postgres's time here. */
  private async query(name: StatementName, values: unknown[]): Promise<unknown[]> {
    const result = await poolOf(this.dataSource).query({
      name: `verification.${name}`,
      text: STATEMENTS[name],
      values,
    });
    return result.rows as unknown[];
  }
}
