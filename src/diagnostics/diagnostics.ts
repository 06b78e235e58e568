import diagnosticsChannel from 'node:diagnostics_channel';

/**
 * Something that happened inside the library, for metrics. Nothing in it is personal: no number, no user, no address.
 * `seconds` is a duration.
 */
export type Diagnostic =
  /** A start, check, resend or cancel has ended. `outcome` is `ok` or the code of the failure. */
  | { type: 'call'; action: 'start' | 'check' | 'resend' | 'cancel'; outcome: string; country: string | null }
  /** A text or call went out. */
  | { type: 'message'; country: string; channel: string }
  /** A number was verified. */
  | { type: 'verified'; country: string; channel: string }
  /** A rule refused a call, or would have, if it were enforced. */
  | { type: 'refusal'; action: 'start' | 'resend' | 'check'; rule: string; isEnforced: boolean }
  /** The provider was called. `outcome` is its answer, or `fault`; then `fault` says which. */
  | {
      type: 'provider-call';
      provider: string;
      operation: string;
      outcome: string;
      fault: string | null;
      seconds: number;
    }
  /** A call to the provider has waited for its place below the limit of the account. */
  | { type: 'pace'; isAdmitted: boolean; seconds: number }
  /** The circuit breaker of a provider has changed. */
  | { type: 'breaker'; provider: string; state: 'closed' | 'open' | 'half-open' }
  /** A statement has ended. It is named, or described by verb and table. `code` is the SQLSTATE of its failure. */
  | { type: 'statement'; statement: string; code: string | null; seconds: number }
  /** A background job was started; its first round comes later. */
  | { type: 'background-started'; job: string }
  /** A round of a background job has ended. */
  | { type: 'background'; job: string; isDone: boolean; seconds: number }
  /** Events of the journal were handed to subscribers. */
  | { type: 'published'; events: number }
  /** An event was posted to the webhook. `dead`: it was the last try. */
  | { type: 'webhook'; outcome: 'delivered' | 'failed' | 'dead'; seconds: number }
  /** Retention has deleted rows. */
  | { type: 'retention'; rows: Readonly<Record<string, number>> }
  /** Redis became available or unavailable. */
  | { type: 'redis'; isAvailable: boolean };

/** The channel of `node:diagnostics_channel` on which every {@link Diagnostic} of this process is published. */
export const DIAGNOSTICS_CHANNEL = 'nest-sms-otp';

const channel = diagnosticsChannel.channel(DIAGNOSTICS_CHANNEL);

/** Publishes a diagnostic. Costs next to nothing without a subscriber. */
export const report = (diagnostic: Diagnostic): void => channel.publish(diagnostic);

/** Whether anybody subscribes; durations are measured only then. */
export const isObserved = (): boolean => channel.hasSubscribers;

/**
 * Calls a function for every diagnostic of this process, whichever application it is from.
 * @returns a function that ends it
 */
export function onDiagnostic(listener: (diagnostic: Diagnostic) => void): () => void {
  const subscriber = (message: unknown) => listener(message as Diagnostic);
  channel.subscribe(subscriber);
  return () => {
    channel.unsubscribe(subscriber);
  };
}
