import {
  type AfterQueryEvent,
  type EntitySubscriberInterface,
  EventSubscriber,
  type QueryRunner,
} from 'typeorm';
import { describeError, nameOfSql, report } from '../diagnostics/index.js';

/** What `data` of a query runner has while a statement runs that is reported by whoever runs it. */
const IS_REPORTED = 'nest-sms-otp.is-reported';

/** Runs a statement that {@link RepositoryQueries} leaves out, because the caller reports it. */
export async function withoutReport<T>(runner: QueryRunner, run: () => Promise<T>): Promise<T> {
  runner.data[IS_REPORTED] = true;
  try {
    return await run();
  } finally {
    delete runner.data[IS_REPORTED];
  }
}

/** Reports the statements that TypeORM makes for repositories, by verb and table: they have no names of their own. */
@EventSubscriber()
export class RepositoryQueries implements EntitySubscriberInterface {
  afterQuery({ query, executionTime, success, error, queryRunner }: AfterQueryEvent): void {
    if (queryRunner.data[IS_REPORTED] || !/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(query)) return;
    const code = success ? null : (describeError(error).code ?? 'unknown');
    report({ type: 'statement', statement: nameOfSql(query), code, seconds: (executionTime ?? 0) / 1000 });
  }
}
