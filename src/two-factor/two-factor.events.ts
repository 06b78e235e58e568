import type { AssuranceLevel } from './session/assurance.js';
import type { TwoFactorNotice } from './two-factor.notifier.js';

/**
 * What happens to users and their factors, as events of EventEmitter2: `@OnEvent(TWO_FACTOR_EVENTS.phoneAdded)`. All of
 * them are also emitted as `any`.
 */
export const TWO_FACTOR_EVENTS = {
  any: 'two-factor.event',
  /** A first factor was checked. `level` says whether the session is complete by it. */
  signedIn: 'two-factor.signed-in',
  /** A second factor was shown in a session; `method` is the factor. */
  factorShown: 'two-factor.factor-shown',
  signedOutEverywhere: 'two-factor.signed-out-everywhere',
  phoneAdded: 'two-factor.phone-added',
  phoneImported: 'two-factor.phone-imported',
  phoneRemoved: 'two-factor.phone-removed',
  phoneReplaced: 'two-factor.phone-replaced',
  phoneRenamed: 'two-factor.phone-renamed',
  primaryPhoneChanged: 'two-factor.primary-phone-changed',
  authenticatorAdded: 'two-factor.authenticator-added',
  authenticatorRemoved: 'two-factor.authenticator-removed',
  passkeyAdded: 'two-factor.passkey-added',
  passkeyRemoved: 'two-factor.passkey-removed',
  recoveryCodesMade: 'two-factor.recovery-codes-made',
  recoveryCodeUsed: 'two-factor.recovery-code-used',
  browserTrusted: 'two-factor.browser-trusted',
  trustedBrowserReused: 'two-factor.trusted-browser-reused',
  factorLocked: 'two-factor.factor-locked',
  factorsReset: 'two-factor.factors-reset',
} as const satisfies Record<string, 'two-factor.event' | `two-factor.${TwoFactorEvent['type']}`>;

/** Something that has happened to a user. Nothing in it is secret: no number, no code, no session id. */
export interface TwoFactorEvent {
  type: TwoFactorNotice['type'] | 'signed-in' | 'factor-shown' | 'phone-imported';
  userId: string;
  at: Date;
  /** As the user may see it: a masked number, a label, a browser. */
  detail?: string;
  /** With `factor-shown`: the factor's method, for example `sms`. */
  method?: string;
  /** With `signed-in`: what the session is worth now. */
  level?: AssuranceLevel;
}
