/**
 * Every statement that changes a request, by name. Rules they keep (docs/lifecycle.md):
 * one statement is one transaction; a change is a compare-and-set on the status it leaves, and writes its event; time is
 * the database's clock; no status or counter is computed here and written back; a request is locked before the guard
 * of its number, that before the guard of its user. Named, so that Postgres plans them once per connection.
 */
import { CHECK_STATEMENTS } from './statements/check.statements.js';
import { DECISION_STATEMENTS } from './statements/decision.statements.js';
import { KEY_STATEMENTS } from './statements/key.statements.js';
import { PROVIDER_STATEMENTS } from './statements/provider.statements.js';
import { RESEND_STATEMENTS } from './statements/resend.statements.js';
import { SEND_STATEMENTS } from './statements/send.statements.js';
import { UPKEEP_STATEMENTS } from './statements/upkeep.statements.js';

export const STATEMENTS = {
  ...SEND_STATEMENTS,
  ...CHECK_STATEMENTS,
  ...RESEND_STATEMENTS,
  ...DECISION_STATEMENTS,
  ...PROVIDER_STATEMENTS,
  ...KEY_STATEMENTS,
  ...UPKEEP_STATEMENTS,
} as const;

export type StatementName = keyof typeof STATEMENTS;
