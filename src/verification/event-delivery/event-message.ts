import type { VerificationEvent } from '../domain/verification-event.js';

/** An event as other systems get it, after https://www.standardwebhooks.com. */
export interface EventMessage<Data extends object = VerificationEvent> {
  /** `verification.<type>`, or `audit.<action>` for an act of an administrator. */
  type: string;
  /** When it happened. */
  timestamp: string;
  data: Data;
}

/** Names an event. The same whenever it is delivered, so that a receiver can tell that it has it. */
export const eventId = ({ requestId, number }: Pick<VerificationEvent, 'requestId' | 'number'>): string =>
  `evt_${requestId}_${number}`;

/** Wraps an event for delivery. It has nothing personal but the user's id. */
export const toMessage = (event: VerificationEvent): EventMessage => ({
  type: `verification.${event.type}`,
  timestamp: event.at.toISOString(),
  data: event,
});
