import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Actor } from '../access/administrator.js';
import type { Scope } from '../access/scopes.js';
import { ProviderStatusRollup, RollupState, VerificationRollup } from './rollup.entities.js';

/** What a program shows instead of a session. */
@Entity('api_tokens')
@Index('api_tokens_parent', ['parentId'])
export class ApiToken {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_tokens_pkey' })
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

/** One act of an administrator. Append-only: nobody updates or deletes, and a chain of hashes shows if somebody did. */
@Entity('admin_audit')
export class AuditEntryRow {
  /** 1, 2, 3… without gaps. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'admin_audit_pkey' })
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

  /** SHA-256 over the previous entry's hash and everything above: `admin_audit_hash` in the database. */
  @Column('bytea')
  hash!: Buffer;
}

/** The number and the hash of the last entry: an audit that was cut off does not end with it. */
@Entity('admin_audit_head')
@Check('admin_audit_head_one', 'id = 1')
export class AuditHead {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'admin_audit_head_pkey' })
  id!: number;

  @Column('bigint')
  number!: string;

  @Column('bytea', { nullable: true })
  hash!: Buffer | null;
}

/** For the host's TypeORM connection. */
export const adminEntities = [
  ApiToken,
  AuditEntryRow,
  AuditHead,
  VerificationRollup,
  ProviderStatusRollup,
  RollupState,
];
