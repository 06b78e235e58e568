import { createTransport, type Transporter } from 'nodemailer';

/** An email in plain text. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Sends emails. Implement it for your mail service. */
export abstract class Mailer {
  abstract send(mail: Mail): Promise<void>;
}

/** Prints emails, with their links, to standard output. For development. */
export class ConsoleMailer extends Mailer {
  override send({ to, subject, text }: Mail): Promise<void> {
    const body = text.split('\n').map((line) => `    ${line}\n`);
    process.stdout.write(`\n  Email to ${to}: ${subject}\n${body.join('')}\n`);
    return Promise.resolve();
  }
}

/** A server that takes longer has failed. The defaults of nodemailer are minutes, for which a shutdown would wait. */
const TIMEOUT_MS = 10_000;

/** Sends emails over SMTP. */
export class SmtpMailer extends Mailer {
  private readonly transport: Transporter;

  /**
   * @param url `smtps://user:password@host:465`, or `smtp://…` which uses STARTTLS where the server offers it
   * @param from the sender's address
   */
  constructor(
    url: string,
    private readonly from: string,
  ) {
    super();
    this.transport = createTransport({
      url,
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    });
  }

  override async send(mail: Mail): Promise<void> {
    await this.transport.sendMail({ from: this.from, ...mail });
  }

  /** Connects, signs in and hangs up. @throws why emails would not be sent */
  async verify(): Promise<void> {
    await this.transport.verify();
  }
}
