import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { DataSource } from 'typeorm';
import { rowsOf } from '../../database/sql.js';
import { describeBrowser } from '../../http/index.js';
import { FactorChanges } from '../factors/factor-changes.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';

/** `__Host-` ties it to this host and to HTTPS (browsers count localhost as that). */
export const TRUSTED_BROWSER_COOKIE = '__Host-trusted-browser';
const SHAPE = /^([\da-f-]{36})\.([\w-]{43})$/;
const DAY_SECONDS = 86_400;

export interface TrustedBrowserRecord {
  id: string;
  description: string;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
}

/** What a browser's cookie was worth at a sign-in. */
export interface Recognition {
  /** The browser, when it is trusted. */
  trusted: { id: string } | null;
  /** The browser whose trust has just ended, because a secret of it was used a second time. */
  copied: { description: string } | null;
}

const UNKNOWN: Recognition = { trusted: null, copied: null };

const hashOf = (secret: string) => createHash('sha256').update(secret).digest();

/** Browsers that are not asked for the second factor at sign-in. They never stand in for a fresh one. */
@Injectable()
export class TrustedBrowsers {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: FactorChanges,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * Trusts the browser that sent this request.
   * @param epoch that the session was made in: factors that have changed since end the trust before it begins
   * @returns null where that is not offered
   */
  async trust(
    request: Request,
    response: Response,
    userId: string,
    epoch: number,
  ): Promise<TrustedBrowserRecord | null> {
    const { trustBrowserDays: days } = this.options;
    if (days === null) return null;
    const id = randomUUID();
    const secret = newSecret();
    const [browser] = await rowsOf<TrustedBrowserRecord>(
      this.dataSource,
      `INSERT INTO trusted_browsers (id, user_id, secret_hash, epoch, description, created_at, last_used_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, now(), now(), now() + make_interval(days => $6))
       RETURNING id, description, created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt"`,
      [id, userId, hashOf(secret), epoch, describeBrowser(request.get('user-agent')), days],
    );
    sendCookie(response, `${id}.${secret}`, browser!.expiresAt);
    return browser!;
  }

  /**
   * Whether this browser is trusted for this user. The secret is replaced by each use, so a copied cookie works once
   * at most, and the use of one that was replaced ends the trust and the sessions that came in through it.
   */
  async recognise(request: Request, response: Response, userId: string, epoch: number): Promise<Recognition> {
    const [, id, shown] =
      SHAPE.exec(parseCookie(request.headers.cookie ?? '')[TRUSTED_BROWSER_COOKIE] ?? '') ?? [];
    if (!id || !shown) return UNKNOWN;
    const secret = newSecret();
    const [used] = await rowsOf<{ expiresAt: Date }>(
      this.dataSource,
      `UPDATE trusted_browsers SET secret_hash = $4, last_used_at = now()
        WHERE id = $1 AND user_id = $2 AND secret_hash = $3 AND epoch = $5 AND expires_at > now()
       RETURNING expires_at AS "expiresAt"`,
      [id, userId, hashOf(shown), hashOf(secret), epoch],
    );
    if (used) {
      sendCookie(response, `${id}.${secret}`, used.expiresAt);
      return { trusted: { id }, copied: null };
    }
    const [ended] = await rowsOf<{ description: string; wasTrusted: boolean }>(
      this.dataSource,
      `DELETE FROM trusted_browsers WHERE id = $1 AND user_id = $2
       RETURNING description, (epoch = $3 AND expires_at > now()) AS "wasTrusted"`,
      [id, userId, epoch],
    );
    return { trusted: null, copied: ended?.wasTrusted ? { description: ended.description } : null };
  }

  async list(userId: string): Promise<TrustedBrowserRecord[]> {
    const epoch = await this.changes.epochOf(userId);
    return rowsOf(
      this.dataSource,
      `SELECT id, description, created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt"
         FROM trusted_browsers WHERE user_id = $1 AND epoch = $2 AND expires_at > now() ORDER BY last_used_at DESC`,
      [userId, epoch],
    );
  }

  /**
   * Ends the trust, and the sessions that came in through it.
   * @param id of one, or all of them
   * @returns how many
   */
  async revoke(userId: string, id?: string): Promise<number> {
    const gone = await rowsOf(
      this.dataSource,
      'DELETE FROM trusted_browsers WHERE user_id = $1 AND ($2::uuid IS NULL OR id = $2::uuid) RETURNING 1',
      [userId, id ?? null],
    );
    return gone.length;
  }
}

const newSecret = () => randomBytes(32).toString('base64url');

function sendCookie(response: Response, value: string, expiresAt: Date): void {
  response.append(
    'Set-Cookie',
    stringifySetCookie({
      name: TRUSTED_BROWSER_COOKIE,
      value,
      httpOnly: true,
      sameSite: 'lax',
      secure: true,
      path: '/',
      maxAge: Math.max(0, Math.min(400 * DAY_SECONDS, Math.floor((expiresAt.getTime() - Date.now()) / 1000))),
    }),
  );
}
