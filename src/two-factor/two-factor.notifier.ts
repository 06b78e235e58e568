import { Logger } from '@nestjs/common';

/** An event that a user should hear about by another channel than the one that changed, such as e-mail. */
export interface TwoFactorNotice {
  type:
    | 'phone-added'
    | 'phone-removed'
    | 'phone-replaced'
    | 'primary-phone-changed'
    | 'phone-renamed'
    | 'authenticator-added'
    | 'authenticator-removed'
    | 'passkey-added'
    | 'passkey-removed'
    | 'recovery-codes-made'
    | 'recovery-code-used'
    | 'browser-trusted'
    /** Somebody who knows the password typed too many wrong codes. `detail` is the factor's method. */
    | 'factor-locked'
    /** The cookie of a trusted browser was used twice: somebody may have copied it. */
    | 'trusted-browser-reused'
    | 'signed-out-everywhere'
    | 'factors-reset';
  at: Date;
  /** Shown to the user: a masked number, a label, a browser. */
  detail?: string;
}

/** Sends notices to users. Implemented by the host. */
export abstract class TwoFactorNotifier {
  /** When it throws, the error is logged: what it tells of has already happened. */
  abstract notify(userId: string, notice: TwoFactorNotice): void | Promise<void>;
}

/** Writes notices to the log. The default. */
export class LogNotifier extends TwoFactorNotifier {
  private readonly logger = new Logger('TwoFactor');

  notify(userId: string, { type }: TwoFactorNotice): void {
    this.logger.log({ userId, type }, 'factors changed');
  }
}
