import { randomUUID } from 'node:crypto';
import { validate as isUuid } from 'uuid';
import type { PersonalDataCipher } from '../../../crypto/index.js';
import type { Channel } from '../../domain/phone-number.js';
import type {
  CancelOutcome,
  CheckOutcome,
  Fault,
  LookupOutcome,
  NextOutcome,
  StartOutcome,
} from '../outcomes.js';
import { type StartRequest, VerificationProvider } from '../verification-provider.js';
import type { ClaimedMessage, CodeMessages } from './code-messages.repository.js';
import type { MessageSender, SendOutcome } from './message-sender.js';
import type { MessageText } from './message-text.js';
import type { OneTimeCodes } from './one-time-codes.js';

/** As with Vonage: a code is checked three times, and cancelled after 30 seconds at the earliest. */
const MAX_ATTEMPTS = 3;
const CANCEL_AFTER_SECONDS = 30;
/** A message with an unknown outcome is sent once more. If that outcome is unknown too, it counts as sent. */
const MAX_TRIES = 2;
/** A process may take longer than the gateway, before another one takes its message over. */
const LEASE_MARGIN_SECONDS = 2;

const fault = (kind: Fault['fault'], detail: string, retryAfterSeconds?: number): Fault => ({
  outcome: 'fault',
  fault: kind,
  detail,
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
});

interface Parts {
  sender: MessageSender;
  messages: CodeMessages;
  codes: OneTimeCodes;
  text: MessageText;
  cipher: PersonalDataCipher;
  timeoutMs: number;
}

/** Makes and checks codes in Postgres, and sends them with a {@link MessageSender} (docs/decisions/0022). */
export class MessageSenderProvider extends VerificationProvider {
  readonly name: string;
  override readonly locales: readonly string[];
  override readonly channels: readonly Channel[];

  constructor(private readonly parts: Parts) {
    super();
    this.name = parts.sender.name;
    this.channels = parts.sender.channels;
    this.locales = parts.text.locales;
  }

  async start(request: StartRequest): Promise<StartOutcome> {
    if (!this.channels.includes(request.channel))
      return { outcome: 'destination-rejected', why: 'unsupported' };
    const id = randomUUID();
    try {
      const message = await this.claim(id, request);
      if (!message) return fault('unavailable', 'another start of this number', 1);
      if (!message.isClaimed) return { outcome: 'already-pending', providerRequestId: message.id };
      return await this.send(message, request);
    } catch (error) {
      // The message may have been made, and would keep the number until its code has expired.
      await this.parts.messages.finish({ id, tries: 1 }, 'not-sent').catch(() => undefined);
      return fault('unavailable', `before sending: ${nameOf(error)}`);
    }
  }

  async check(providerRequestId: string, code: string): Promise<CheckOutcome> {
    if (!isUuid(providerRequestId)) return { outcome: 'gone' };
    const { messages, codes } = this.parts;
    return answer<CheckOutcome>(async () => {
      const ended = await messages.check({
        id: providerRequestId,
        keys: codes.keysFor(providerRequestId.toLowerCase(), code),
        codeLength: code.length,
        maxAttempts: MAX_ATTEMPTS,
      });
      if (ended === undefined) return { outcome: 'gone' };
      if (ended === null) return { outcome: 'mismatched' };
      return { outcome: ended === 'verified' ? 'matched' : 'exhausted' };
    });
  }

  async cancel(providerRequestId: string): Promise<CancelOutcome> {
    if (!isUuid(providerRequestId)) return { outcome: 'gone' };
    return answer<CancelOutcome>(async () => ({
      outcome: await this.parts.messages.cancel(providerRequestId, CANCEL_AFTER_SECONDS),
    }));
  }

  async next(providerRequestId: string): Promise<NextOutcome> {
    const found = await this.lookup(providerRequestId);
    if (found.outcome === 'fault') return found;
    return { outcome: found.outcome === 'pending' ? 'no-more' : 'gone' };
  }

  override async lookup(providerRequestId: string): Promise<LookupOutcome> {
    if (!isUuid(providerRequestId)) return { outcome: 'unknown' };
    return answer<LookupOutcome>(async () => {
      const ended = await this.parts.messages.find(providerRequestId);
      if (ended === undefined) return { outcome: 'unknown' };
      if (ended === null) return { outcome: 'pending' };
      return { outcome: ended === 'rejected' || ended === 'not-sent' ? 'failed' : ended };
    });
  }

  private claim(id: string, request: StartRequest): Promise<ClaimedMessage | null> {
    const { messages, codes, cipher, timeoutMs } = this.parts;
    const fingerprints = cipher.fingerprints('phone', request.phoneNumber);
    return messages.claim({
      id,
      fingerprint: fingerprints[0],
      fingerprints,
      keyId: codes.newestKey,
      codeLength: request.codeLength,
      clientReference: request.clientReference,
      ttlSeconds: request.ttlSeconds,
      leaseSeconds: timeoutMs / 1000 + LEASE_MARGIN_SECONDS,
      maxTries: MAX_TRIES,
    });
  }

  private async send(message: ClaimedMessage, request: StartRequest): Promise<StartOutcome> {
    const { messages, codes } = this.parts;
    const code = codes.codeOf(message.id, message.keyId, message.codeLength);
    if (code === null) {
      // A lost message of an older key, which was removed meanwhile.
      await messages.finish(message, 'rejected');
      return fault('unavailable', 'key removed from the ring', 1);
    }
    const sent = await this.ask(message.id, code, request);
    const outcome = 'fault' in sent ? 'unknown' : sent.outcome;
    // If Postgres does not take it, the message is sent again with the same code, or refused as the one in flight.
    await messages.finish(message, outcome).catch(() => undefined);
    if ('fault' in sent) return sent;
    switch (sent.outcome) {
      case 'sent':
        return { outcome: 'started', providerRequestId: message.id };
      case 'rejected':
        return { outcome: 'destination-rejected', why: sent.why };
      case 'not-sent':
        return fault('unavailable', sent.detail, sent.retryAfterSeconds);
    }
  }

  /** @returns `unknown-outcome` if the gateway throws, takes too long or returns no outcome */
  private async ask(id: string, code: string, request: StartRequest): Promise<SendOutcome | Fault> {
    const { sender, text, timeoutMs } = this.parts;
    const { channel, phoneNumber, locale, ttlSeconds, brand } = request;
    const message = {
      to: phoneNumber,
      text: text.write({
        code,
        channel,
        minutes: Math.floor(ttlSeconds / 60),
        ...(locale === undefined ? {} : { locale }),
        ...(brand === undefined ? {} : { brand }),
      }),
      channel,
      locale: text.localeOf(locale),
      idempotencyKey: id,
      signal: AbortSignal.timeout(timeoutMs),
    };
    const timedOut = new Promise<Fault>((resolve) => {
      message.signal.addEventListener('abort', () => resolve(fault('unknown-outcome', 'timeout')), {
        once: true,
      });
    });
    try {
      const sent = await Promise.race([sender.send(message), timedOut]);
      return isSendOutcome(sent) ? sent : fault('unknown-outcome', 'the sender did not return an outcome');
    } catch (error) {
      // Never its message: a gateway's errors like to quote what they were asked to send.
      return fault('unknown-outcome', message.signal.aborted ? 'timeout' : `threw ${nameOf(error)}`);
    }
  }
}

const OUTCOMES = ['sent', 'rejected', 'not-sent', 'fault'];
const isSendOutcome = (sent: unknown): sent is SendOutcome | Fault =>
  typeof sent === 'object' && sent !== null && OUTCOMES.includes((sent as SendOutcome).outcome);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

/** A statement whose answer was lost may have been executed. */
async function answer<Outcome>(ask: () => Promise<Outcome>): Promise<Outcome | Fault> {
  try {
    return await ask();
  } catch (error) {
    return fault('unknown-outcome', `database: ${nameOf(error)}`);
  }
}
