import type { Channel } from '../../domain/phone-number.js';

/** One text with a code, to be handed to a gateway. */
export interface OutgoingMessage {
  /** E.164 with `+`. */
  to: string;
  /** What to send, or to read aloud. It contains the code, so keep it out of logs. */
  text: string;
  /** One of {@link MessageSender.channels}. */
  channel: Channel;
  /** The language of the text (BCP 47). */
  locale: string;
  /**
   * The same for every try to send one message, and never for another message. A gateway that takes it as its
   * idempotency key sends a message once, even if a process dies while it waits for the answer.
   */
  idempotencyKey: string;
  /** Aborts when the answer is no longer needed. Pass it to `fetch`. */
  signal: AbortSignal;
}

/**
 * The result of sending a message.
 *
 * - `sent`: the gateway has taken it
 * - `rejected`: this number never gets it; the request ends
 * - `not-sent`: the gateway did not take it and may take it later, because it is busy, for example. `detail` goes to the
 *   log: a status, never a text or a number
 */
export type SendOutcome =
  | { outcome: 'sent' }
  | { outcome: 'rejected'; why: 'invalid' | 'unroutable' | 'unsupported' }
  | { outcome: 'not-sent'; detail: string; retryAfterSeconds?: number };

/**
 * A gateway that only sends texts. Codes are made and checked here; see {@link VerificationModuleOptions.sender}.
 *
 * Throw when you do not know whether the message went out. It is then tried once more, with the same text and the same
 * idempotency key.
 *
 * ```ts
 * class MyGateway extends MessageSender {
 *   async send({ to, text, idempotencyKey, signal }: OutgoingMessage): Promise<SendOutcome> {
 *     const headers = { 'Idempotency-Key': idempotencyKey };
 *     const answer = await fetch(GATEWAY_URL, { method: 'POST', headers, body: JSON.stringify({ to, text }), signal });
 *     if (answer.ok) return { outcome: 'sent' };
 *     if (answer.status === 422) return { outcome: 'rejected', why: 'invalid' };
 *     return { outcome: 'not-sent', detail: `http ${answer.status}` };
 *   }
 * }
 * ```
 */
export abstract class MessageSender {
  /** For the record and the logs. */
  readonly name: string = 'message-sender';

  /** How it can reach people. Without `voice` no page offers a call. */
  readonly channels: readonly Channel[] = ['sms'];

  /** Sends one message. */
  abstract send(message: OutgoingMessage): Promise<SendOutcome>;
}
