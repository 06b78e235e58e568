import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { appendCookie, keepsSecureCookies, readCookie } from '../../http/index.js';

/** `__Host-` limits the cookie to this host and to HTTPS (browsers treat localhost as HTTPS). */
export const KNOWN_BROWSER_COOKIE = '__Host-known-browser';
const SHAPE = /^[\w-]{43}$/;
/** The maximum lifetime of a cookie in browsers. */
export const KNOWN_BROWSER_DAYS = 400;
const MAX_PER_USER = 20;

const hashOf = (secret: string) => createHash('sha256').update(secret).digest();
const secretIn = (request: Request): string | null => {
  const secret = readCookie(request, KNOWN_BROWSER_COOKIE) ?? '';
  return SHAPE.test(secret) ? secret : null;
};

/**
 * Remembers the browsers in which the user has signed in before. A known browser gets no access: it only has a count of
 * wrong passwords that strangers cannot exhaust.
 */
@Injectable()
export class KnownBrowsers {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @returns the id of a known browser of the account, otherwise null */
  async recognise(request: Request, email: string): Promise<string | null> {
    const secret = secretIn(request);
    if (!secret) return null;
    const found = await rowsOf(
      this.dataSource,
      `SELECT 1 FROM host_known_browsers JOIN host_users ON host_users.id = user_id
        WHERE secret_hash = $1 AND host_users.email = $2`,
      [hashOf(secret), email],
    );
    return found.length > 0 ? hashOf(secret).toString('base64url') : null;
  }

  /** Remembers the browser after a sign-in or a password reset. */
  async remember(request: Request, response: Response, userId: string): Promise<void> {
    // Over plain HTTP the browser drops the cookie.
    if (!keepsSecureCookies(request)) return;
    const known = secretIn(request);
    const again =
      known === null
        ? []
        : await rowsOf(
            this.dataSource,
            'UPDATE host_known_browsers SET last_used_at = now() WHERE secret_hash = $1 AND user_id = $2 RETURNING 1',
            [hashOf(known), userId],
          );
    if (known !== null && again.length > 0) return sendCookie(response, known);
    const secret = randomBytes(32).toString('base64url');
    await rowsOf(
      this.dataSource,
      `WITH oldest AS (
         SELECT secret_hash FROM host_known_browsers WHERE user_id = $2 ORDER BY last_used_at DESC OFFSET $3
       ), gone AS (
         DELETE FROM host_known_browsers WHERE secret_hash IN (SELECT secret_hash FROM oldest)
       )
       INSERT INTO host_known_browsers (secret_hash, user_id, last_used_at) VALUES ($1, $2, now())`,
      [hashOf(secret), userId, MAX_PER_USER - 1],
    );
    sendCookie(response, secret);
  }

  /** @param browser the id from {@link recognise} */
  async forget(browser: string): Promise<void> {
    await rowsOf(this.dataSource, 'DELETE FROM host_known_browsers WHERE secret_hash = $1', [
      Buffer.from(browser, 'base64url'),
    ]);
  }

  async forgetAll(sql: EntityManager, userId: string): Promise<void> {
    await rowsIn(sql, 'DELETE FROM host_known_browsers WHERE user_id = $1', [userId]);
  }
}

function sendCookie(response: Response, value: string): void {
  appendCookie(response, KNOWN_BROWSER_COOKIE, value, KNOWN_BROWSER_DAYS * 86_400);
}
