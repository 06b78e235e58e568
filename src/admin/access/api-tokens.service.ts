import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { AuditLog } from '../audit/audit-log.service.js';
import type { Actor } from './administrator.js';
import type { Scope } from './scopes.js';
import { TokenUses } from './token-uses.js';

export interface KnownToken {
  id: string;
  scopes: readonly Scope[];
}

export interface TokenRecord extends KnownToken {
  name: string;
  author: Actor;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** `sotp_<id in hex>_<32 random bytes>`: the id finds the row, the secret is compared in constant time. */
const SHAPE = /^sotp_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;
const PREFIX = 'sotp';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest();
const toUuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

/** What programs show instead of a session. Stored as hashes: a stolen dump lets nobody in. */
@Injectable()
export class ApiTokens {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly uses: TokenUses,
  ) {}

  /** @returns null for what is no token, is not known, has expired or was revoked */
  async authenticate(token: string): Promise<KnownToken | null> {
    const [, hex, secret] = SHAPE.exec(token) ?? [];
    if (!hex || !secret) return null;
    const [row] = await rowsOf<KnownToken & { secretHash: Buffer }>(
      this.dataSource,
      `SELECT id, scopes, secret_hash AS "secretHash" FROM api_tokens
        WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())`,
      [toUuid(hex)],
    );
    if (!row || !timingSafeEqual(row.secretHash, hashOf(secret))) return null;
    this.uses.note(row.id);
    return { id: row.id, scopes: row.scopes };
  }

  /** @returns the token, which nobody can read again */
  async create(
    actor: Actor,
    { name, scopes, days, reason }: { name: string; scopes: readonly Scope[]; days?: number; reason: string },
  ): Promise<{ token: string; record: TokenRecord }> {
    const id = uuidv7();
    const secret = randomBytes(32).toString('base64url');
    const entry = {
      actor,
      action: 'token.created',
      target: id,
      reason,
      details: { name, scopes: scopes.join(' '), days: days ?? null },
    };
    const record = await this.audit.with(entry, async (sql) => {
      const rows = await rowsIn<TokenRecord>(
        sql,
        `INSERT INTO api_tokens (id, name, secret_hash, scopes, author, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + make_interval(days => $6::int))
         RETURNING ${COLUMNS}`,
        [id, name, hashOf(secret), scopes, actor, days ?? null],
      );
      return rows[0]!;
    });
    return { token: [PREFIX, id.replaceAll('-', ''), secret].join('_'), record: record! };
  }

  /** Newest first. */
  list(): Promise<TokenRecord[]> {
    return rowsOf(this.dataSource, `SELECT ${COLUMNS} FROM api_tokens ORDER BY id DESC LIMIT 200`);
  }

  /** @returns null when there is no such token, or it was revoked before */
  revoke(actor: Actor, id: string, reason: string): Promise<TokenRecord | null> {
    return this.audit.with({ actor, action: 'token.revoked', target: id, reason }, async (sql) => {
      const rows = await rowsIn<TokenRecord>(
        sql,
        `UPDATE api_tokens SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL RETURNING ${COLUMNS}`,
        [id],
      );
      return rows[0] ?? null;
    });
  }
}

const COLUMNS = `id, name, scopes, author, created_at AS "createdAt", expires_at AS "expiresAt",
  last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"`;
