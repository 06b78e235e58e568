import { randomInt } from 'node:crypto';
import type { Channel } from '../verification/domain/phone-number.js';
import type {
  CancelOutcome,
  CheckOutcome,
  NextOutcome,
  StartOutcome,
} from '../verification/provider/outcomes.js';
import { type StartRequest, VerificationProvider } from '../verification/provider/verification-provider.js';

/** One message that the fake "sent". */
export interface FakeMessage {
  /** E.164 with `+`. */
  to: string;
  channel: Channel;
  /** One of the fake's `locales`; absent: the provider chooses. */
  locale?: string;
  code: string;
  providerRequestId: string;
}

interface FakeRequest {
  to: string;
  code: string;
  checks: number;
  startedAt: number;
  expiresAt: number;
}

const MAX_CHECKS = 3;
const CANCEL_AFTER_MS = 30_000;

/**
 * A provider in memory, for tests of applications: keeps the provider's rules (three checks, one live request per
 * number, cancel only after 30 seconds), so that what works with it works with Vonage. Read the codes from `messages`.
 *
 * ```ts
 * const provider = new FakeVerificationProvider();
 * VerificationModule.forRoot({ provider, keys });
 * provider.lastCode('+14155552671');
 * ```
 */
export class FakeVerificationProvider extends VerificationProvider {
  readonly name = 'fake';
  override readonly locales: readonly string[] = [
    'de-de',
    'en-gb',
    'en-us',
    'es-es',
    'es-mx',
    'fr-fr',
    'pt-br',
  ];
  /** Everything sent, newest last. */
  readonly messages: FakeMessage[] = [];
  /** How many codes it was asked to judge. */
  checks = 0;

  private readonly requests = new Map<string, FakeRequest>();
  private readonly nextAnswers = new Map<Operation, unknown[]>();
  private clockOffsetMs = 0;
  private sequence = 0;

  /** The newest code sent to a number. @throws Error when there is none */
  lastCode(to: string): string {
    const message = this.messages.findLast((candidate) => candidate.to === to);
    if (!message) throw new Error(`nothing was sent to ${to}`);
    return message.code;
  }

  /** Lets time pass for the provider alone. */
  advance(seconds: number): void {
    this.clockOffsetMs += seconds * 1000;
  }

  /** Makes the next call of an operation answer this, without doing anything. Repeatable: answers queue up. */
  answerNext<O extends Operation>(operation: O, outcome: Awaited<ReturnType<VerificationProvider[O]>>): void {
    this.nextAnswers.set(operation, [...(this.nextAnswers.get(operation) ?? []), outcome]);
  }

  async start({ phoneNumber, channel, codeLength, ttlSeconds, locale }: StartRequest): Promise<StartOutcome> {
    const planned = this.planned<StartOutcome>('start');
    if (planned) return planned;
    for (const [providerRequestId, request] of this.requests) {
      if (request.to === phoneNumber && this.isLive(request))
        return { outcome: 'already-pending', providerRequestId };
    }
    const providerRequestId = `fake-${(this.sequence += 1)}`;
    const code = String(randomInt(10 ** codeLength)).padStart(codeLength, '0');
    const startedAt = this.now();
    const expiresAt = startedAt + ttlSeconds * 1000;
    this.requests.set(providerRequestId, { to: phoneNumber, code, checks: 0, startedAt, expiresAt });
    this.messages.push({
      to: phoneNumber,
      channel,
      ...(locale ? { locale } : {}),
      code,
      providerRequestId,
    });
    return { outcome: 'started', providerRequestId };
  }

  async check(providerRequestId: string, code: string): Promise<CheckOutcome> {
    this.checks += 1;
    const planned = this.planned<CheckOutcome>('check');
    if (planned) return planned;
    const request = this.requests.get(providerRequestId);
    if (!request || !this.isLive(request)) return { outcome: 'gone' };
    if (request.code === code) {
      this.requests.delete(providerRequestId);
      return { outcome: 'matched' };
    }
    request.checks += 1;
    if (request.checks < MAX_CHECKS) return { outcome: 'mismatched' };
    this.requests.delete(providerRequestId);
    return { outcome: 'exhausted' };
  }

  async cancel(providerRequestId: string): Promise<CancelOutcome> {
    const planned = this.planned<CancelOutcome>('cancel');
    if (planned) return planned;
    const request = this.requests.get(providerRequestId);
    if (!request || !this.isLive(request)) return { outcome: 'gone' };
    if (this.now() - request.startedAt < CANCEL_AFTER_MS) return { outcome: 'too-early' };
    this.requests.delete(providerRequestId);
    return { outcome: 'cancelled' };
  }

  async next(providerRequestId: string): Promise<NextOutcome> {
    const planned = this.planned<NextOutcome>('next');
    if (planned) return planned;
    const request = this.requests.get(providerRequestId);
    return request && this.isLive(request) ? { outcome: 'no-more' } : { outcome: 'gone' };
  }

  private planned<T>(operation: Operation): T | undefined {
    return this.nextAnswers.get(operation)?.shift() as T | undefined;
  }

  private isLive(request: FakeRequest): boolean {
    return request.expiresAt > this.now();
  }

  private now(): number {
    return Date.now() + this.clockOffsetMs;
  }
}

type Operation = 'start' | 'check' | 'cancel' | 'next';
