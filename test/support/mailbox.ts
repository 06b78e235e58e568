import { EventEmitter, once } from 'node:events';
import { type Mail, Mailer } from '../../src/host/index.js';

/** Where the e-mails of an application under test arrive. */
export class Mailbox extends Mailer {
  private readonly mails: Mail[] = [];
  private readonly arrivals = new EventEmitter();

  override send(mail: Mail): Promise<void> {
    this.mails.push(mail);
    this.arrivals.emit('mail');
    return Promise.resolve();
  }

  /** All mails to an address, oldest first. */
  of(email: string): Mail[] {
    return this.mails.filter(({ to }) => to === email);
  }

  /** Waits for so many mails to an address: they are sent in the background. @returns the newest */
  async newest(email: string, count = 1): Promise<Mail> {
    while (this.of(email).length < count)
      await once(this.arrivals, 'mail', { signal: AbortSignal.timeout(10_000) });
    return this.of(email).at(-1)!;
  }

  /** The path and query of the link in the newest mail to an address. */
  async link(email: string, count = 1): Promise<string> {
    return linkIn(await this.newest(email, count));
  }
}

export function linkIn({ text }: Mail): string {
  const [, path] = /^https?:\/\/[^/\s]+(\/\S+\?token=\S+)$/m.exec(text) ?? [];
  if (!path) throw new Error(`no link in ${text}`);
  return path;
}

export const tokenIn = (link: string): string => new URL(link, 'http://localhost').searchParams.get('token')!;
