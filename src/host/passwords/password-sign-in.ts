import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { normaliseEmail } from '../email-address.js';
import { AccountMails } from '../mail/account-mails.js';
import type { User } from '../user.entity.js';
import { Users } from '../users.service.js';
import { ACCOUNT_PAGE, FailedPasswords, STRANGERS } from './failed-passwords.js';
import { KnownBrowsers } from './known-browsers.js';

/** Checks passwords, and limits how often they are guessed. */
@Injectable()
export class PasswordSignIn {
  constructor(
    private readonly users: Users,
    private readonly failures: FailedPasswords,
    private readonly browsers: KnownBrowsers,
    private readonly mails: AccountMails,
  ) {}

  /**
   * @returns null for an unknown address and for a wrong password
   * @throws Problem `rate-limited` after too many wrong passwords
   */
  async authenticate(request: Request, typedEmail: string, password: string): Promise<User | null> {
    const email = normaliseEmail(typedEmail);
    const browser = await this.browsers.recognise(request, email);
    const source = browser ?? STRANGERS;
    const { isLast } = await this.failures.claim(email, source);
    const user = await this.users.authenticate(email, password);
    if (user) await this.failures.forget(email, source);
    else if (isLast && browser) await this.browsers.forget(browser);
    else if (isLast) this.mails.sendLocked(email);
    return user;
  }

  /** Checks the current password of a signed-in user. @throws Problem `rate-limited` */
  async confirm({ email }: User, password: string): Promise<boolean> {
    await this.failures.claim(email, ACCOUNT_PAGE);
    const user = await this.users.authenticate(email, password);
    if (user) await this.failures.forget(email, ACCOUNT_PAGE);
    return user !== null;
  }
}
