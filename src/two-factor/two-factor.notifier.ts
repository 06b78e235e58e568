import { Logger } from '@nestjs/common';

/** What a user should hear of by another way than the one that changed: an e-mail, a push message. */
export interface TwoFactorNotice {
  type:
    | 'phone-added'
    | 'phone-removed'
    | 'phone-replaced'
    | 'primary-phone-changed'
    | 'phone-renamed'
    | 'authenticator-added'
    | 'authenticator-removed'
    | 'recovery-codes-made'
    | 'recovery-code-used'
    | 'browser-trusted'
    /** Too many wrong codes were typed by somebody who knows the password. `detail` is the factor's method. */
    | 'factor-locked'
    /** The cookie of a trusted browser was used twice: somebody may have copied it. */
    | 'trusted-browser-reused'
    | 'signed-out-everywhere'
    | 'factors-reset';
  at: Date;
  /** For people: a masked number, a label, a browser. */
  detail?: string;
}

/** Tells users about changes of their factors. Extend it to send email, for example. */
export abstract class TwoFactorNotifier {
  /** Must not throw for what it cannot deliver: the change has happened. */
  abstract notify(userId: string, notice: TwoFactorNotice): void | Promise<void>;
}

/** For hosts that tell nobody yet. */
export class LogNotifier extends TwoFactorNotifier {
  private readonly logger = new Logger('TwoFactor');

  notify(userId: string, { type }: TwoFactorNotice): void {
    this.logger.log({ userId, type }, 'factors changed');
  }
}
