import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { type MessageParameters, ViewRenderer } from '../../http/index.js';
import { HOST_OPTIONS, type HostOptions } from '../host.options.js';
import { emailUnavailable } from '../host.problems.js';
import { Users } from '../users.service.js';

/**
 * Writes to the owners of accounts. Works in the background: how long it takes, and whether it does anything, must not show
 * in the answer to whoever asked for it.
 */
@Injectable()
export class AccountMails implements BeforeApplicationShutdown {
  private readonly logger = new Logger('AccountMails');
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly users: Users,
    private readonly renderer: ViewRenderer,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {}

  /** @throws Problem `email-unavailable` where there is no way to send e-mails */
  requireMailer(): void {
    if (!this.options.mail) throw emailUnavailable();
  }

  /** Runs what must not be waited for. */
  inBackground(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        const { code = 'error' } = error as { code?: string };
        this.logger.error({ kind: code }, 'e-mail could not be sent');
      })
      .finally(() => this.underWay.delete(running));
    this.underWay.add(running);
  }

  /** @param name of the texts `mail.<name>.subject` and `mail.<name>.text` */
  async send(name: string, to: string, link?: { path: string; token: string }): Promise<void> {
    const { mail } = this.options;
    if (!mail) return;
    const { origin } = new URL(mail.publicUrl());
    const parameters: MessageParameters = {
      host: origin,
      ...(link ? { link: `${origin}${link.path}?token=${link.token}` } : {}),
    };
    await mail.mailer.send({
      to,
      subject: this.text(`mail.${name}.subject`, parameters),
      text: this.text(`mail.${name}.text`, parameters),
    });
  }

  /** Somebody has guessed so often that strangers are locked out. */
  sendLocked(email: string): void {
    this.inBackground(async () => {
      const user = await this.users.findByEmail(email);
      if (user) await this.send('locked', user.email);
    });
  }

  sendPasswordChanged(email: string): void {
    this.inBackground(() => this.send('password-changed', email));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private text(key: string, parameters: MessageParameters): string {
    return this.renderer.text(this.renderer.locales[0]!, key, parameters);
  }
}
