import type { DataSource } from 'typeorm';
import { type TableOptions, tableNames } from '../../database/table-names.js';
import { RETENTION_RIGHTS } from '../../admin/retention/journal-retention.service.js';
import { type Finding, ok, warning, wrong } from './finding.js';

const CHECK = 'database role';
const APPEND_ONLY = ['otp_verification_events', 'otp_admin_audit', 'otp_journal_seals'];
const ROLES_PAGE = 'docs/operations.md, "Roles in Postgres", has the statements.';

/** Whether the role of DATABASE_URL may do what the application does, and not more. */
export async function checkRights(
  dataSource: DataSource,
  tables: TableOptions,
  hasRetention: boolean,
): Promise<Finding[]> {
  const names = tableNames(tables);
  const appendOnly = APPEND_ONLY.map((name) => names.named(name));
  const rows = await dataSource.query<Rights[]>(RIGHTS, [
    tables.schema ?? 'public',
    `${names.prefix.replaceAll('_', String.raw`\_`)}%`,
    appendOnly,
  ]);
  if (rows.length === 0) return [];
  const { isSuperuser, role } = rows[0]!;
  const missing = rows.filter(({ lacks }) => lacks.length > 0);
  const surplus = rows.filter(({ mayRewrite }) => mayRewrite);
  const findings: Finding[] = [];
  if (missing.length > 0)
    findings.push(
      wrong(
        CHECK,
        `the role ${role} lacks ${missing.map(({ table, lacks }) => `${lacks.join(', ')} on ${table}`).join('; ')}`,
        ROLES_PAGE,
      ),
    );
  if (isSuperuser)
    findings.push(
      warning(CHECK, `the role ${role} is a superuser, so the journal does not protect itself`, ROLES_PAGE),
    );
  else if (surplus.length > 0)
    findings.push(
      warning(
        CHECK,
        `the role ${role} may change or delete rows of ${surplus.map(({ table }) => table).join(', ')}`,
        ROLES_PAGE,
      ),
    );
  if (hasRetention && !isSuperuser && missing.length === 0) {
    const [retention] = await dataSource.query<{ isOwner: boolean; role: string | null }[]>(
      RETENTION_RIGHTS,
      ['otp_verification_events', 'otp_journal_seals'].map((table) => names.inSql(table)),
    );
    if (!retention!.isOwner && retention!.role === null)
      findings.push(
        warning(CHECK, `the role ${role} may not delete old events, so retention will fail`, ROLES_PAGE),
      );
  }
  return findings.length > 0 ? findings : [ok(CHECK, `the role ${role} may do what it has to`)];
}

interface Rights {
  table: string;
  role: string;
  isSuperuser: boolean;
  /** Privileges that it needs and does not have. */
  lacks: string[];
  /** It could change what is append-only. */
  mayRewrite: boolean;
}

const RIGHTS = `
  SELECT c.relname AS "table", current_user::text AS role,
         (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser",
         ARRAY(SELECT p FROM unnest(CASE WHEN c.relname = ANY($3) THEN ARRAY['SELECT', 'INSERT']
                                         ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END) AS p
                WHERE NOT has_table_privilege(c.oid, p)) AS lacks,
         c.relname = ANY($3) AND (has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE')) AS "mayRewrite"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname LIKE $2 AND c.relname NOT LIKE '%migrations'
   ORDER BY c.relname`;
