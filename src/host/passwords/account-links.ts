import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { AccountMails } from '../mail/account-mails.js';
import type { User } from '../user.entity.js';

export const LINK_MINUTES = 30;
/** Per address, for all purposes together, so that nobody can flood a mailbox. */
const LINKS_PER_HOUR = 5;
/** The advisory lock under which the links to one address are counted. Any constant that all instances share. */
const LINK_LOCK = 7_367_021;

const PATHS = { 'sign-up': '/sign-up/finish', 'password-reset': '/password-reset/finish' } as const;
export type LinkPurpose = keyof typeof PATHS;

const hashOf = (token: string) => createHash('sha256').update(token).digest();

/** Links in emails. Each works once, within 30 minutes. The database stores only a hash of the token. */
@Injectable()
export class AccountLinks {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly mails: AccountMails,
  ) {}

  /**
   * Locks no row. For callers who answer first and send then: what they promised would be lost.
   * @throws if no link can be stored now
   */
  async requireTable(): Promise<void> {
    await rowsOf(this.dataSource, 'SELECT FROM host_account_links WHERE false FOR UPDATE');
  }

  /**
   * Sends a link, unless the address got too many within the hour.
   * @param mail the email's messages: see {@link AccountMails.send}
   * @param to.user for a reset: the link stops working when the user's password changes
   */
  async send(
    purpose: LinkPurpose,
    mail: string,
    { email, user, locale }: { email: string; user: User | null; locale: string | undefined },
  ): Promise<void> {
    const token = randomBytes(32).toString('base64url');
    const issued = await this.dataSource.transaction(async (sql) => {
      await rowsIn(sql, 'SELECT pg_advisory_xact_lock($1, hashtext($2))', [LINK_LOCK, email]);
      return rowsIn(
        sql,
        `INSERT INTO host_account_links (token_hash, purpose, email, user_id, password_digest, created_at, expires_at)
         SELECT $1, $2, $3, $4, sha256(convert_to($5, 'UTF8')), now(), now() + make_interval(mins => $6)
          WHERE (SELECT count(*) FROM host_account_links
                  WHERE email = $3 AND created_at > now() - interval '1 hour') < $7
         RETURNING 1`,
        [hashOf(token), purpose, email, user?.id ?? null, user?.passwordHash, LINK_MINUTES, LINKS_PER_HOUR],
      );
    });
    if (issued.length > 0)
      await this.mails.send(mail, email, { locale, link: { path: PATHS[purpose], token } });
  }

  /** Reads a link without using it. @returns null if it is invalid, used or expired */
  async find(purpose: LinkPurpose, token: string): Promise<{ email: string; userId: string | null } | null> {
    const [link] = await rowsOf<{ email: string; userId: string | null }>(
      this.dataSource,
      `SELECT host_account_links.email, user_id AS "userId"
         FROM host_account_links LEFT JOIN host_users ON host_users.id = user_id
        WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > clock_timestamp()
          AND (user_id IS NULL OR sha256(convert_to(password_hash, 'UTF8')) = password_digest)`,
      [hashOf(token), purpose],
    );
    return link ?? null;
  }

  /** Marks a link as used, in the transaction of its change. @returns false if it is invalid, used or expired */
  async use(sql: EntityManager, purpose: LinkPurpose, token: string): Promise<boolean> {
    const used = await rowsIn(
      sql,
      `UPDATE host_account_links SET used_at = clock_timestamp()
        WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > clock_timestamp()
          AND (user_id IS NULL OR EXISTS (
            SELECT 1 FROM host_users WHERE id = user_id AND sha256(convert_to(password_hash, 'UTF8')) = password_digest))
       RETURNING 1`,
      [hashOf(token), purpose],
    );
    return used.length > 0;
  }
}
