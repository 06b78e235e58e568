import type { ClientBase } from 'pg';
import { type EntitySubscriberInterface, EventSubscriber, type TransactionStartEvent } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';

/** Settings of Postgres that the application relies on, by Postgres's own names. Times are in milliseconds. */
export interface SessionSettings {
  search_path: string;
  statement_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
}

/**
 * Behind a pooler, `pg_backend_pid()` is not the process that the connection was told at its start. The session belongs to
 * everybody there, so the statement then changes nothing, and returns no row.
 */
const SET_FOR_SESSION = `
  SELECT set_config('search_path', $2, false), set_config('statement_timeout', $3, false),
         set_config('lock_timeout', $4, false), set_config('idle_in_transaction_session_timeout', $5, false)
   WHERE pg_backend_pid() = $1`;

/**
 * Applies settings to the connections of one pool. They are not startup parameters, because poolers refuse those. A direct
 * connection gets them for its session, a pooled one for each transaction of several statements.
 */
export class ConnectionSettings {
  /** Whether the newest connection goes through a pooler. */
  isPooled = false;

  constructor(readonly values: SessionSettings) {}

  /** Runs once on each new connection, before the pool hands it out. */
  readonly onConnect = async (client: ClientBase): Promise<void> => {
    const { processID } = client as ClientBase & { processID: number };
    const { rows } = await client.query(SET_FOR_SESSION, [
      processID,
      this.values.search_path,
      String(this.values.statement_timeout),
      String(this.values.lock_timeout),
      String(this.values.idle_in_transaction_session_timeout),
    ]);
    this.isPooled = rows.length === 0;
  };
}

/** Applies the {@link ConnectionSettings} among the data source's `extra` options to each transaction of a pooled connection. */
@EventSubscriber()
export class TransactionSettings implements EntitySubscriberInterface {
  async afterTransactionStart({ queryRunner }: TransactionStartEvent): Promise<void> {
    const { extra } = queryRunner.manager.connection.options as PostgresDataSourceOptions;
    const { settings } = extra as { settings?: ConnectionSettings };
    if (!settings?.isPooled) return;
    const statements = Object.entries(settings.values).map(([name, value]) => `SET LOCAL ${name} = ${value}`);
    await queryRunner.query(statements.join('; '));
  }
}
