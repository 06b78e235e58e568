import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { rowsIn } from '../../database/sql.js';
import { FactorChanges, type SignedInAssurance } from '../../two-factor/index.js';
import { ActivityLog } from '../activity/activity.js';
import { normaliseEmail } from '../email-address.js';
import { AccountMails } from '../mail/account-mails.js';
import type { User } from '../user.entity.js';
import { Users } from '../users.service.js';
import { AccountLinks } from './account-links.js';
import { FailedPasswords } from './failed-passwords.js';
import { KnownBrowsers } from './known-browsers.js';
import { PasswordHashes } from './password-hashes.js';

interface ChangeOptions {
  /** Runs first, in the same transaction; if it returns false, nothing is changed. */
  also?: (sql: EntityManager) => Promise<boolean>;
  /** The session that changes the password; without it the user's epoch does not matter. */
  session?: SignedInAssurance;
  /** The language of the email to the owner. */
  locale?: string;
}

/**
 * Changes passwords. Each change ends all sessions, trusted and known browsers, open reset links, and waits after wrong
 * passwords. The owner gets an email.
 */
@Injectable()
export class PasswordChanges {
  constructor(
    private readonly users: Users,
    private readonly hashes: PasswordHashes,
    private readonly links: AccountLinks,
    private readonly mails: AccountMails,
    private readonly failures: FailedPasswords,
    private readonly browsers: KnownBrowsers,
    private readonly factors: FactorChanges,
    private readonly activity: ActivityLog,
  ) {}

  /**
   * @returns the user's new epoch, for the session that continues; null if there is no such user
   * @throws Problem `sign-in-required` if that session has ended
   */
  async change(
    userId: string,
    password: string,
    { also, session, locale }: ChangeOptions = {},
  ): Promise<{ epoch: number } | null> {
    const passwordHash = await this.hashes.hash(password);
    const write = async (sql: EntityManager) => {
      if (also && !(await also(sql))) return null;
      const [user] = await rowsIn<{ email: string }>(
        sql,
        'UPDATE host_users SET password_hash = $2 WHERE id = $1 RETURNING email',
        [userId, passwordHash],
      );
      if (!user) return null;
      await this.failures.forgetAll(sql, user.email);
      await this.browsers.forgetAll(sql, userId);
      await this.activity.addIn(sql, userId, 'password-changed');
      return user;
    };
    const made = session ? await this.factors.makeIn(session, write) : await this.factors.make(userId, write);
    if (made) this.mails.sendPasswordChanged(made.changed.email, locale);
    return made && { epoch: made.epoch };
  }

  /**
   * Changes the password of a user who has just entered the current one in this session.
   * @returns null if the password was changed by another request in between
   */
  replace(
    session: SignedInAssurance,
    user: User,
    password: string,
    locale?: string,
  ): Promise<{ epoch: number } | null> {
    const also = async (sql: EntityManager) => {
      const present = await rowsIn(sql, 'SELECT 1 FROM host_users WHERE id = $1 AND password_hash = $2', [
        user.id,
        user.passwordHash,
      ]);
      return present.length > 0;
    };
    return this.change(user.id, password, { also, session, locale });
  }

  /** Sends a reset link if there is such an account. The caller cannot tell the difference. */
  async requestReset(typedEmail: string, locale: string | undefined): Promise<void> {
    this.mails.requireMailer();
    await this.links.requireTable();
    this.mails.inBackground(async () => {
      const user = await this.users.findByEmail(normaliseEmail(typedEmail));
      if (user)
        await this.links.send('password-reset', 'password-reset', { email: user.email, user, locale });
    });
  }

  async isResetLink(token: string): Promise<boolean> {
    return (await this.links.find('password-reset', token)) !== null;
  }

  /** @returns the user's id; null if the link is invalid, used or expired */
  async reset(token: string, password: string, locale?: string): Promise<string | null> {
    const link = await this.links.find('password-reset', token);
    if (!link?.userId) return null;
    const changed = await this.change(link.userId, password, {
      also: (sql) => this.links.use(sql, 'password-reset', token),
      locale,
    });
    return changed && link.userId;
  }
}
