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

  /**
   * @param name the messages are `mail.<name>.subject` and `mail.<name>.text`
   * @param how.locale the language of the page that the email follows. Defaults to the first language
   */
  async send(
    name: string,
    to: string,
    { locale, link }: { locale?: string; link?: { path: string; token: string } } = {},
  ): Promise<void> {
    const { mail } = this.options;
    if (!mail) return;
    const { origin } = new URL(mail.publicUrl());
    const parameters: MessageParameters = {
      host: origin,
      ...(link ? { link: `${origin}${link.path}?token=${link.token}` } : {}),
    };
    const text = (key: string) => this.renderer.text(locale ?? this.renderer.locales[0]!, key, parameters);
    await mail.mailer.send({
      to,
      subject: text(`mail.${name}.subject`),
      text: text(`mail.${name}.text`),
    });
  }

  /** Tells the owner that too many wrong passwords have locked out unknown browsers. */
  sendLocked(email: string): void {
    this.inBackground(async () => {
      const user = await this.users.findByEmail(email);
      if (user) await this.send('locked', user.email, { locale: user.locale ?? undefined });
    });
  }

  sendPasswordChanged(email: string, locale: string | undefined): void {
    this.inBackground(() => this.send('password-changed', email, { locale }));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.running);
  }
}
