import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { Problem } from '../../http/index.js';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../admin.options.js';
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
  /** The token that made it; null when a person did. */
  parentId: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** `sotp_<id in hex>_<32 random bytes>`: the id finds the row, the secret is compared in constant time. */
const SHAPE = /^sotp_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;
const PREFIX = 'sotp';
/** How an {@link Actor} begins that is a token or a user of the host. */
const TOKEN = 'token:';
const USER = 'user:';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest();
const toUuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

/**
 * What programs send instead of a session. Stored as hashes: a stolen dump gives no access. A token that was made with
 * another token can do no more and lives no longer than that one, and all of them work only while the person who made
 * the first one is an administrator.
 */
@Injectable()
export class ApiTokens {
  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly uses: TokenUses,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {}

  /**
   * @returns null for a malformed, unknown, expired or revoked token, and when that is true of a token it was
   *   made with, or when the person who made the first of them has lost the role
   */
  async authenticate(token: string): Promise<KnownToken | null> {
    const [, hex, secret] = SHAPE.exec(token) ?? [];
    if (!hex || !secret) return null;
    const [row] = await rowsOf<KnownToken & { secretHash: Buffer; maker: Actor }>(
      this.dataSource,
      `WITH RECURSIVE lineage AS (
         SELECT * FROM otp_api_tokens WHERE id = $1
         UNION ALL
         SELECT parent.* FROM lineage child JOIN otp_api_tokens parent ON parent.id = child.parent_id)
       SELECT t.id, t.scopes, t.secret_hash AS "secretHash", first.author AS maker
         FROM otp_api_tokens t JOIN lineage first ON first.parent_id IS NULL
        WHERE t.id = $1 AND NOT EXISTS (SELECT 1 FROM lineage l WHERE NOT (${WORKS('l')}))`,
      [toUuid(hex)],
    );
    if (!row || !timingSafeEqual(row.secretHash, hashOf(secret))) return null;
    if (!(await this.mayStillMake(row.maker))) return null;
    this.uses.note(row.id);
    return { id: row.id, scopes: row.scopes };
  }

  /**
   * Made by a token, it has no scope that the maker lacks, and ends with the maker at the latest.
   * @returns the token, which cannot be read again
   * @throws Problem `forbidden` for a scope that the maker lacks, `unauthorized` when the maker no longer works
   */
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
      const parent = actor.startsWith(TOKEN) ? await this.lockParent(sql, actor.slice(TOKEN.length)) : null;
      if (parent && scopes.some((scope) => !parent.scopes.includes(scope))) throw Problem.http('forbidden');
      const rows = await rowsIn<TokenRecord>(
        sql,
        // least() ignores NULL, which here means "no end".
        `INSERT INTO otp_api_tokens (id, name, secret_hash, scopes, author, parent_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $7, clock_timestamp(),
                 least(clock_timestamp() + make_interval(days => $6::int), $8::timestamptz))
         RETURNING ${COLUMNS}`,
        [
          id,
          name,
          hashOf(secret),
          scopes,
          actor,
          days ?? null,
          parent?.id ?? null,
          parent?.expiresAt ?? null,
        ],
      );
      return rows[0]!;
    });
    return { token: [PREFIX, id.replaceAll('-', ''), secret].join('_'), record: record! };
  }

  /** Newest first. */
  list(): Promise<TokenRecord[]> {
    return rowsOf(this.dataSource, `SELECT ${COLUMNS} FROM otp_api_tokens ORDER BY id DESC LIMIT 200`);
  }

  /** The tokens that {@link revoke} would revoke: this one first, then those that were made with it. */
  findRevocable(id: string): Promise<TokenRecord[]> {
    return rowsOf(
      this.dataSource,
      `WITH RECURSIVE lineage AS (
         SELECT * FROM otp_api_tokens WHERE id = $1 AND revoked_at IS NULL
         UNION ALL
         SELECT t.* FROM lineage l JOIN otp_api_tokens t ON t.parent_id = l.id)
       SELECT ${COLUMNS} FROM lineage WHERE revoked_at IS NULL ORDER BY id`,
      [id],
    );
  }

  /** Revokes a token and all that were made with it. @returns null when there is no such token, or it was revoked before */
  revoke(actor: Actor, id: string, reason: string): Promise<TokenRecord | null> {
    return this.audit.with({ actor, action: 'token.revoked', target: id, reason }, async (sql) => {
      const rows = await rowsIn<TokenRecord>(
        sql,
        `UPDATE otp_api_tokens SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL RETURNING ${COLUMNS}`,
        [id],
      );
      if (!rows[0]) return null;
      // One that is made at this moment is not seen here; it does not work either, because this one does not.
      await rowsIn(
        sql,
        `WITH RECURSIVE descendants AS (
           SELECT id FROM otp_api_tokens WHERE parent_id = $1
           UNION ALL
           SELECT t.id FROM descendants d JOIN otp_api_tokens t ON t.parent_id = d.id)
         UPDATE otp_api_tokens SET revoked_at = clock_timestamp()
          WHERE id IN (SELECT id FROM descendants) AND revoked_at IS NULL RETURNING id`,
        [id],
      );
      return rows[0];
    });
  }

  /** The token that makes another one: it cannot be revoked until that one is written. */
  private async lockParent(
    sql: EntityManager,
    id: string,
  ): Promise<Pick<TokenRecord, 'id' | 'scopes' | 'expiresAt'>> {
    const [parent] = await rowsIn<Pick<TokenRecord, 'id' | 'scopes' | 'expiresAt'>>(
      sql,
      `SELECT id, scopes, expires_at AS "expiresAt" FROM otp_api_tokens t WHERE id = $1 AND ${WORKS('t')} FOR SHARE`,
      [id],
    );
    if (!parent) throw Problem.http('unauthorized');
    return parent;
  }

  /** Tokens of the command line have no user whose role could be lost. */
  private async mayStillMake(maker: Actor): Promise<boolean> {
    return !maker.startsWith(USER) || this.options.isAdmin(maker.slice(USER.length));
  }
}

/** Of a row: neither revoked nor expired. */
const WORKS = (token: string) =>
  `${token}.revoked_at IS NULL AND (${token}.expires_at IS NULL OR ${token}.expires_at > clock_timestamp())`;

const COLUMNS = `id, name, scopes, author, parent_id AS "parentId", created_at AS "createdAt", expires_at AS "expiresAt",
  last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"`;
