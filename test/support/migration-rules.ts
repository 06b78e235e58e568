import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The rules of docs/operations.md, "Changing the schema". Each finds statements that stop a running version. */
const FORBIDDEN: [rule: string, pattern: RegExp][] = [
  ['RENAME breaks the running version', /\bRENAME\b/i],
  ['SET NOT NULL reads the whole table under a lock', /\bSET NOT NULL\b/i],
  ['changing a type rewrites the table', /\bALTER (COLUMN )?\S+ (SET DATA )?TYPE\b/i],
  ['DROP INDEX needs CONCURRENTLY', /^DROP INDEX (?!CONCURRENTLY\b)/i],
  ['REINDEX needs CONCURRENTLY', /^REINDEX (?!.*\bCONCURRENTLY\b)/i],
  ['LOCK, TRUNCATE, CLUSTER and VACUUM FULL lock the table', /^(LOCK|TRUNCATE|CLUSTER|VACUUM FULL)\b/i],
  ['many rows are changed in batches by a command, not by a migration', /^(UPDATE|DELETE)\b/i],
];

interface Migration {
  statements: string[];
  transaction: boolean;
}

/** Runs a migration against a recorder instead of a database. */
export async function statementsOf(migration: new () => MigrationInterface): Promise<Migration> {
  const statements: string[] = [];
  const instance = new migration();
  await instance.up({
    query: async (sql: string) => {
      statements.push(sql);
    },
  } as unknown as QueryRunner);
  return { statements, transaction: instance.transaction !== false };
}

/** @returns what would stop or break a version of the application that runs beside this migration */
export function violationsOf({ statements, transaction }: Migration): string[] {
  const all = statements.map((sql) =>
    sql.replace(/--.*$/gm, '').replace(/\s+/g, ' ').replaceAll('"', '').trim(),
  );
  const created = new Set(
    all.flatMap((sql) => /^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\w+)/i.exec(sql)?.[1] ?? []),
  );
  const isNew = (table: string | undefined) => table !== undefined && created.has(table);
  const violations = new Set<string>();

  for (const sql of all) {
    if (isNew(/^ALTER TABLE (?:ONLY )?(?:IF EXISTS )?(\w+)/i.exec(sql)?.[1])) continue;
    for (const [rule, pattern] of FORBIDDEN) if (pattern.test(sql)) violations.add(rule);

    const index =
      /^CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?(\w+) ON (?:ONLY )?(\w+)/i.exec(sql);
    if (index && !index[1] && !isNew(index[3])) violations.add('CREATE INDEX needs CONCURRENTLY');
    if (/^CREATE (UNIQUE )?INDEX/i.test(sql) && !index) violations.add('an index needs a name');
    if (index?.[1] && !all.includes(`DROP INDEX CONCURRENTLY IF EXISTS ${index[2]}`))
      violations.add('CREATE INDEX CONCURRENTLY needs DROP INDEX CONCURRENTLY IF EXISTS before it');

    for (const column of sql.match(/\bADD COLUMN .*?(?=, ?(?:ADD|DROP|ALTER)\b|$)/gi) ?? []) {
      if (/\bNOT NULL\b/i.test(column) && !/\bDEFAULT\b/i.test(column))
        violations.add('a NOT NULL column needs a default');
      if (/\bDEFAULT (clock_timestamp|gen_random_uuid|random|nextval)\b/i.test(column))
        violations.add('a volatile default rewrites the table');
      if (/\bGENERATED\b/i.test(column)) violations.add('a generated column rewrites the table');
      if (/\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b/i.test(column))
        violations.add('a constraint needs NOT VALID, or an index made before it');
    }
    for (const constraint of sql.match(/\bADD (CONSTRAINT|CHECK|FOREIGN KEY|UNIQUE|PRIMARY KEY)\b.*/gi) ?? [])
      if (!/\bNOT VALID\b|\bUSING INDEX\b/i.test(constraint))
        violations.add('a constraint needs NOT VALID, or an index made before it');
  }

  const text = all.join(';');
  if (/\bNOT VALID\b/i.test(text) && /\bVALIDATE CONSTRAINT\b/i.test(text))
    violations.add('a constraint is validated by a later migration');
  if (/\bDROP (COLUMN|TABLE)\b/i.test(text) && /\b(ADD COLUMN|CREATE TABLE)\b/i.test(text))
    violations.add('what is replaced is dropped by a later release');
  if (/\bCONCURRENTLY\b/i.test(text)) {
    if (transaction) violations.add('CONCURRENTLY needs `transaction = false`');
    if (all.some((sql) => !/\bCONCURRENTLY\b/i.test(sql)))
      violations.add('without a transaction a migration holds nothing but CONCURRENTLY');
  } else if (!transaction) violations.add('only CONCURRENTLY may go without a transaction');
  return [...violations];
}
