import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { SessionData } from 'express-session';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { rowsOf } from '../../database/sql.js';
import type { AuthenticationState } from '../../two-factor/index.js';

/** What `express-session` keeps of a session. */
export type StoredSession = Pick<SessionData, 'cookie' | 'twoFactor'>;

export interface NewSession {
  /** The secret in the cookie. */
  sid: string;
  data: StoredSession;
  state: AuthenticationState;
  /** However busy the session is. */
  endsAt: Date;
  browser: string;
  address: string;
}

/** A session as its user sees it. */
export interface SessionRecord {
  /** Public: names the session and opens nothing. It stays when the secret in the cookie changes. */
  id: string;
  sid: string;
  data: StoredSession;
  browser: string;
  address: string;
  signedInAt: Date;
  lastUsedAt: Date;
}

/** More than anybody has; a list stays short whatever somebody with the password does. */
const LONGEST_LIST = 50;
const NEXT_EXPIRY = `least(clock_timestamp() + interval '12 hours', ends_at)`;

/** The table of sessions. Every time in it is the database's. */
@Injectable()
export class SessionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async create({ sid, data, state, endsAt, browser, address }: NewSession): Promise<void> {
    await this.run(
      `INSERT INTO host_sessions
         (sid, sess, id, user_id, browser, address, signed_in_at, last_used_at, ends_at, expire)
       VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), $8,
               least(clock_timestamp() + interval '12 hours', $8::timestamptz))`,
      [sid, data, uuidv7(), state.userId, browser, address, state.signedInAt, endsAt],
    );
  }

  /**
   * Gives a session another secret and other content.
   * @returns false when the session has ended meanwhile: then nothing is written
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

  /** Changes a session that exists: one that has ended does not come back. */
  async save(sid: string, data: StoredSession): Promise<void> {
    await this.run('UPDATE host_sessions SET sess = $2 WHERE sid = $1', [sid, data]);
  }

  /** The session was used. Written once a minute at most. */
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

  /** The last used first. */
  ofUser(userId: string): Promise<SessionRecord[]> {
    return this.run(
      `SELECT id, sid, sess AS data, browser, address, signed_in_at AS "signedInAt", last_used_at AS "lastUsedAt"
         FROM host_sessions WHERE user_id = $1 AND expire > clock_timestamp()
        ORDER BY last_used_at DESC LIMIT $2`,
      [userId, LONGEST_LIST],
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

  async removeExpired(): Promise<void> {
    await this.run('DELETE FROM host_sessions WHERE expire < clock_timestamp()');
  }

  private run<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return rowsOf<Row>(this.dataSource, text, values);
  }
}
