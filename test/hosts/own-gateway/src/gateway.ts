import { MessageSender, type OutgoingMessage, type SendOutcome } from 'nest-sms-otp';

/** Stands for the SMS gateway that the application has. */
export class Gateway extends MessageSender {
  readonly sent: OutgoingMessage[] = [];

  async send(message: OutgoingMessage): Promise<SendOutcome> {
    this.sent.push(message);
    return { outcome: 'sent' };
  }
}
