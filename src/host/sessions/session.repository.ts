import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { SessionData } from 'express-session';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { rowsOf } from '../../database/sql.js';
import type { AuthenticationState } from '../../two-factor/index.js';

/** The part of a session that `express-session` stores. */
export type StoredSession = Pick<SessionData, 'cookie' | 'twoFactor'>;

/** A session at sign-in. */
export interface NewSession {
  /** The secret in the cookie. */
  sid: string;
  data: StoredSession;
  state: AuthenticationState;
  /** The session ends then even if it is in use. */
  endsAt: Date;
  browser: string;
  address: string;
}

/** A row of `host_sessions`, as the list of the user's sessions needs it. */
export interface SessionRecord {
  /** Public. Identifies the session but grants no access, and stays the same when the secret changes. */
  id: string;
  sid: string;
  data: StoredSession;
  browser: string;
  address: string;
  signedInAt: Date;
  lastUsedAt: Date;
}

/** Keeps the list short, even if someone with the password signs in again and again. */
const MAX_LISTED_SESSIONS = 50;
const NEXT_EXPIRY = `least(clock_timestamp() + interval '12 hours', ends_at)`;

/** Reads and writes `host_sessions`. All its times are database times. */
@Injectable()
export class SessionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async create({ sid, data, state, endsAt, browser, address }: NewSession): Promise<void> {
    await this.run(
      `WITH activity AS (
         INSERT INTO host_activity (id, user_id, type, detail, at)
         VALUES ($9, $4, 'signed-in', $5::text || ', ' || $6::text, clock_timestamp())
       )
       INSERT INTO host_sessions
         (sid, sess, id, user_id, browser, address, signed_in_at, last_used_at, ends_at, expire)
       VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), $8,
               least(clock_timestamp() + interval '12 hours', $8::timestamptz))`,
      [sid, data, uuidv7(), state.userId, browser, address, state.signedInAt, endsAt, uuidv7()],
    );
  }

  /**
   * Gives a session a new secret and new content.
   * @returns false, without a change, if the session has ended
   */
  async replace(sid: string, next: { sid: string; data: StoredSession }): Promise<boolean> {
    const rows = await this.run(
      `UPDATE host_sessions SET sid = $2, sess = $3, last_used_at = clock_timestamp(), expire = ${NEXT_EXPIRY}
        WHERE sid = $1 AND expire > clock_timestamp() RETURNING 1`,
      [sid, next.sid, next.data],
    );
    return rows.length > 0;
  }

  async load(sid: string): Promise<StoredSession | null> {
    const [row] = await this.run<{ sess: StoredSession }>(
      'SELECT sess FROM host_sessions WHERE sid = $1 AND expire > clock_timestamp()',
      [sid],
    );
    return row?.sess ?? null;
  }

  /** Changes an existing session. A session that has ended is not created again. */
  async save(sid: string, data: StoredSession): Promise<void> {
    await this.run('UPDATE host_sessions SET sess = $2 WHERE sid = $1', [sid, data]);
  }

  /** Records that the session was used, at most once a minute. */
  async touch(sid: string): Promise<void> {
    await this.run(
      `UPDATE host_sessions SET last_used_at = clock_timestamp(), expire = ${NEXT_EXPIRY}
        WHERE sid = $1 AND last_used_at < clock_timestamp() - interval '1 minute'`,
      [sid],
    );
  }

  async remove(sid: string): Promise<void> {
    await this.run('DELETE FROM host_sessions WHERE sid = $1', [sid]);
  }

  /** Returns the sessions that have not expired, the last used first. */
  ofUser(userId: string): Promise<SessionRecord[]> {
    return this.run(
      `SELECT id, sid, sess AS data, browser, address, signed_in_at AS "signedInAt", last_used_at AS "lastUsedAt"
         FROM host_sessions WHERE user_id = $1 AND expire > clock_timestamp()
        ORDER BY last_used_at DESC LIMIT $2`,
      [userId, MAX_LISTED_SESSIONS],
    );
  }

  /** @returns whether the user had that session */
  async end(userId: string, id: string): Promise<boolean> {
    const rows = await this.run('DELETE FROM host_sessions WHERE user_id = $1 AND id = $2 RETURNING 1', [
      userId,
      id,
    ]);
    return rows.length > 0;
  }

  private run<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return rowsOf<Row>(this.dataSource, text, values);
  }
}
