import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AccountMails } from '../mail/account-mails.js';
import type { User } from '../user.entity.js';
import { Users } from '../users.service.js';
import { AccountLinks } from './account-links.js';
import { PasswordHashes } from './password-hashes.js';

/**
 * Creates accounts. The password is chosen after opening the link, so nobody can prepare an account for an address whose
 * email they cannot read.
 */
@Injectable()
export class SignUps {
  constructor(
    private readonly users: Users,
    private readonly hashes: PasswordHashes,
    private readonly links: AccountLinks,
    private readonly mails: AccountMails,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Sends a sign-up link, or a link to reset the password if the address has an account. */
  async request(email: string, locale: string | undefined): Promise<void> {
    this.mails.requireMailer();
    await this.links.requireTable();
    this.mails.inBackground(async () => {
      const user = await this.users.findByEmail(email);
      if (!user) return this.links.send('sign-up', 'sign-up', { email, user, locale });
      // This one is for the owner, who may not be the one who asks.
      await this.links.send('password-reset', 'sign-up-taken', {
        email,
        user,
        locale: user.locale ?? locale,
      });
    });
  }

  async isLink(token: string): Promise<boolean> {
    return (await this.links.find('sign-up', token)) !== null;
  }

  /** @returns null if the link is invalid, used or expired, or if the address was taken in between */
  async finish(token: string, password: string): Promise<User | null> {
    const link = await this.links.find('sign-up', token);
    if (!link) return null;
    const passwordHash = await this.hashes.hash(password);
    return this.dataSource.transaction(async (sql) =>
      (await this.links.use(sql, 'sign-up', token)) ? this.users.insert(sql, link.email, passwordHash) : null,
    );
  }
}
