import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { SandboxClock } from './clock.js';
import type { Api, Ledger } from './ledger.js';
import { magicOf } from './magic-numbers.js';

export interface NewRequest {
  api: Api;
  /** E.164 without `+`. */
  to: string;
  brand: string;
  codeLength: number;
  /** Lifetime of a code. */
  ttlSeconds: number;
  /** Channels of the workflow, in order. */
  steps: string[];
  /** A step that leads nowhere makes room for the next one after this. */
  stepSeconds: number;
  /** No message goes out. */
  blocked?: boolean;
}

export type EndState = 'verified' | 'failed' | 'cancelled' | 'expired';

export interface SandboxRequest extends NewRequest {
  id: string;
  code: string;
  checks: { at: number; code: string; right: boolean }[];
  /** Wrong codes since the code was made: a regenerated one starts at zero. */
  wrongCodes: number;
  step: number;
  messages: number;
  startedAt: number;
  sentAt: number;
  ended?: EndState;
  endedAt?: number;
}

const MAX_WRONG_CODES = 3;
const CANCEL_AFTER_MS = 30_000;
const FORGET_AFTER_MS = 3_600_000;
const PRICE = '0.0500';

/** The provider's state: what lives, what ended, what was sent. Time passes when somebody looks. */
export class SandboxRequests {
  private readonly requests = new Map<string, SandboxRequest>();
  private readonly liveByNumber = new Map<string, SandboxRequest>();

  constructor(
    private readonly clock: SandboxClock,
    private readonly ledger: Ledger,
  ) {}

  start(input: NewRequest): { started: SandboxRequest } | { inFlight: SandboxRequest } {
    const inFlight = this.liveByNumber.get(input.to);
    if (inFlight && this.find(inFlight.id)?.ended === undefined) return { inFlight };
    this.forgetOld();
    const now = this.clock.now();
    const id = input.api === 'v1' ? randomBytes(16).toString('hex') : randomUUID();
    const request: SandboxRequest = {
      ...input,
      id,
      code: '',
      checks: [],
      wrongCodes: 0,
      step: 0,
      messages: 0,
      startedAt: now,
      sentAt: now,
    };
    this.requests.set(id, request);
    this.liveByNumber.set(input.to, request);
    this.send(request, now);
    return { started: request };
  }

  /** The request as time has left it. */
  find(id: string): SandboxRequest | undefined {
    const request = this.requests.get(id);
    if (request) this.letTimePass(request);
    return request;
  }

  /** Everything up to now happens: steps that are due send their message. */
  settle(): void {
    for (const request of this.liveByNumber.values()) this.letTimePass(request);
  }

  check(id: string, code: string): 'matched' | 'mismatched' | 'exhausted' | 'gone' {
    const request = this.find(id);
    if (!request || request.ended) return 'gone';
    const right = request.code === code;
    request.checks.push({ at: this.clock.now(), code, right });
    if (right) {
      this.end(request, 'verified');
      return 'matched';
    }
    request.wrongCodes += 1;
    if (request.wrongCodes < MAX_WRONG_CODES) return 'mismatched';
    this.end(request, 'failed');
    return 'exhausted';
  }

  cancel(id: string): 'cancelled' | 'too-early' | 'too-late' | 'gone' {
    const request = this.find(id);
    if (!request || request.ended) return 'gone';
    if (this.clock.now() - request.startedAt < CANCEL_AFTER_MS) return 'too-early';
    if (request.messages >= 3) return 'too-late';
    this.end(request, 'cancelled');
    return 'cancelled';
  }

  next(id: string): 'sent' | 'no-more' | 'gone' {
    const request = this.find(id);
    if (!request || request.ended) return 'gone';
    if (request.step + 1 >= request.steps.length) return 'no-more';
    request.step += 1;
    this.send(request, this.clock.now());
    return 'sent';
  }

  clear(): void {
    this.requests.clear();
    this.liveByNumber.clear();
  }

  private letTimePass(request: SandboxRequest): void {
    while (!request.ended) {
      const stepOver = request.sentAt + request.stepSeconds * 1000;
      const isLast = request.step + 1 >= request.steps.length;
      const codeOver = request.sentAt + request.ttlSeconds * 1000;
      if (!isLast && this.clock.now() >= stepOver) {
        request.step += 1;
        this.send(request, stepOver);
      } else if (isLast && this.clock.now() >= codeOver) {
        this.end(request, 'expired', codeOver);
      } else return;
    }
  }

  private send(request: SandboxRequest, at: number): void {
    request.code = magicOf(request.to)?.code?.slice(0, request.codeLength) ?? randomCode(request.codeLength);
    request.wrongCodes = 0;
    request.sentAt = at;
    if (request.blocked) return;
    request.messages += 1;
    const minutes = Math.round(request.ttlSeconds / 60);
    this.ledger.add({
      providerRequestId: request.id,
      api: request.api,
      to: request.to,
      channel: request.steps[request.step]!,
      text: `${request.brand} code: ${request.code}. Valid for ${minutes} minutes.`,
      code: request.code,
      sentAt: new Date(at).toISOString(),
      price: PRICE,
    });
  }

  private end(request: SandboxRequest, state: EndState, at = this.clock.now()): void {
    request.ended = state;
    request.endedAt = at;
    if (this.liveByNumber.get(request.to) === request) this.liveByNumber.delete(request.to);
  }

  private forgetOld(): void {
    const before = this.clock.now() - FORGET_AFTER_MS;
    // Insertion order is age: stop at the first that is young enough.
    for (const [id, request] of this.requests) {
      if (request.startedAt > before) return;
      this.letTimePass(request);
      this.requests.delete(id);
      if (this.liveByNumber.get(request.to) === request) this.liveByNumber.delete(request.to);
    }
  }
}

function randomCode(length: number): string {
  return String(randomInt(10 ** length)).padStart(length, '0');
}
