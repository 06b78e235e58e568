import { createTransport, type Transporter } from 'nodemailer';

export interface Mail {
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
}

/** Delivers e-mails. Implement it for whatever your mail goes through. */
export abstract class Mailer {
  abstract send(mail: Mail): Promise<void>;
}

/** For development: prints each mail, with its link, where the application runs. */
export class ConsoleMailer extends Mailer {
  override send({ to, subject, text }: Mail): Promise<void> {
    const body = text.split('\n').map((line) => `    ${line}\n`);
    process.stdout.write(`\n  E-mail to ${to}: ${subject}\n${body.join('')}\n`);
    return Promise.resolve();
  }
}

/** Over SMTP. */
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
    this.transport = createTransport(url);
  }

  override async send(mail: Mail): Promise<void> {
    await this.transport.sendMail({ from: this.from, ...mail });
  }
}
