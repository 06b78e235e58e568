import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { describeError } from '../../diagnostics/index.js';
import { type MessageParameters, ViewRenderer } from '../../http/index.js';
import { HOST_OPTIONS, type HostOptions } from '../host.options.js';
import { emailUnavailable } from '../host.problems.js';
import { Users } from '../users.service.js';

/**
 * Sends emails to the owners of accounts. Works in the background, so that the response does not reveal by its time
 * whether there is an account.
 */
@Injectable()
export class AccountMails implements BeforeApplicationShutdown {
  private readonly logger = new Logger('AccountMails');
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly users: Users,
    private readonly renderer: ViewRenderer,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {}

  /** @throws Problem `email-unavailable` if emails are not configured */
  requireMailer(): void {
    if (!this.options.mail) throw emailUnavailable();
  }

  /** Runs work without making the caller wait. Failures are logged. */
  inBackground(work: () => Promise<void>): void {
    const sending = work()
      .catch((error: unknown) => {
        this.logger.error(describeError(error), 'email could not be sent');
      })
      .finally(() => this.running.delete(sending));
    this.running.add(sending);
  }

  /** @param name the messages are `mail.<name>.subject` and `mail.<name>.text` */
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

  /** Tells the owner that too many wrong passwords have locked out unknown browsers. */
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
    await Promise.all(this.running);
  }

  private text(key: string, parameters: MessageParameters): string {
    return this.renderer.text(this.renderer.locales[0]!, key, parameters);
  }
}
