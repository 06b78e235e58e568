import type { EvaluatedRule } from './start/message-rules.js';
import type { Caller } from './domain/caller.js';
import type { Channel } from './domain/phone-number.js';
import type { VerificationContext } from './domain/verification-record.js';

/** Why the application refuses. Return nothing to let it happen. */
export interface Refusal {
  /** For the record of refusals, for callers of the service, and for clients: kebab-case, nothing secret. */
  refuse: string;
  /**
   * A key of the message catalogue: what the person reads.
   * @default 'problem.refused-by-application.detail'
   */
  messageKey?: string;
}

/** What {@link VerificationModuleOptions.beforeStart} is asked about: a message to a number. */
export interface StartToAllow {
  /** E.164 with `+`. */
  phoneNumber: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  channel: Channel;
  purpose: string;
  /** Whether the number is a factor that the user has confirmed before. */
  confirmed: boolean;
  caller: Caller;
  context: VerificationContext | null;
}

/** What {@link VerificationModuleOptions.beforeAccept} is asked about: a code for a request that is live. */
export interface AcceptanceToAllow {
  requestId: string;
  /** E.164 with `+`. */
  phoneNumber: string;
  channel: Channel;
  purpose: string;
  userId: string | null;
  caller: Caller;
  context: VerificationContext | null;
}

/** The application's answer. */
export type Allowance = Refusal | null | undefined | void;

/** The rule under which refusals by the application are recorded. */
export const APPLICATION_RULE = 'application';

export const refusedByApplication = ({ refuse }: Refusal): EvaluatedRule => ({
  rule: APPLICATION_RULE,
  outcome: 'refuse',
  input: refuse,
});
