import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Actor } from '../access/administrator.js';
import type { Scope } from '../access/scopes.js';
import { ProviderStatusRollup, RollupState, VerificationRollup } from './rollup.entities.js';

/** What a program shows instead of a session. */
@Entity('otp_api_tokens')
@Index('otp_api_tokens_parent', ['parentId'])
export class ApiToken {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_api_tokens_pkey' })
  id!: string;

  @Column('text')
  name!: string;

  /** SHA-256; the secret is random and long, so that it needs no slow hash. */
  @Column('bytea', { name: 'secret_hash' })
  secretHash!: Buffer;

  @Column('text', { array: true })
  scopes!: Scope[];

  @Column('text')
  author!: Actor;

  /** The token that made it; null when a person did. */
  @Column('uuid', { name: 'parent_id', nullable: true })
  parentId!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  /** To the minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}

/** One act of an administrator. Append-only by privilege; `otp_journal_seals` shows whether somebody changed it anyway. */
@Entity('otp_admin_audit')
@Index('otp_admin_audit_xid', ['xid'])
export class AuditEntryRow {
  /** Rising. A number is skipped when the transaction that took it was rolled back. */
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'otp_admin_audit_pkey',
  })
  number!: string;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  actor!: Actor;

  @Column('text')
  action!: string;

  @Column('text', { nullable: true })
  target!: string | null;

  @Column('text')
  reason!: string;

  @Column('jsonb')
  details!: Record<string, unknown>;

  /** The transaction that wrote the row. */
  // The default is pg_current_xact_id()::text::bigint; TypeORM compares defaults without their casts.
  @Column('bigint', { default: () => '((pg_current_xact_id()))' })
  xid!: string;
}

/** The entities of `AdminModule`. */
export const adminEntities = [ApiToken, AuditEntryRow, VerificationRollup, ProviderStatusRollup, RollupState];
