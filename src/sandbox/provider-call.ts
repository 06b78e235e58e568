import { setTimeout as delay } from 'node:timers/promises';
import type { Response } from 'express';
import { type Answer, sendAnswer, sendBroken } from './answer.js';
import type { CallCounter } from './calls.js';
import { type BrokenAnswer, delayOf, type Faults, takesEffect } from './faults.js';
import { magicNumber } from './magic-numbers.js';
import type { RequestBook } from './request-book.js';
import type { Api, Operation } from './words.js';

export interface ProviderCall {
  api: Api;
  operation: Operation;
  /** The destination of a start. */
  to?: string;
  /** The request that another operation speaks of. */
  providerRequestId?: string;
}

/** The way of every call to the look-alike: counted, broken if a fault or a magic number says so, else answered. */
export class ProviderCalls {
  constructor(
    private readonly requests: RequestBook,
    private readonly faults: Faults,
    private readonly counter: CallCounter,
    /** Aborted when the sandbox stops: delayed answers end with it. */
    private readonly stopping: AbortSignal,
  ) {}

  /** @param act does what was asked; called once, or not at all if a fault comes before the effect */
  async answer(response: Response, call: ProviderCall, act: () => Answer): Promise<void> {
    this.counter.record(call.operation, call.providerRequestId);
    const broken = this.breakageOf(call);
    if (!broken) return sendAnswer(response, act());
    try {
      const early = takesEffect(broken) ? act() : undefined;
      await delay(delayOf(broken), undefined, { signal: this.stopping });
      if (broken.kind === 'latency') sendAnswer(response, early ?? act());
      else sendBroken(response, broken, early);
    } catch (error) {
      if (!this.stopping.aborted) throw error;
      response.socket?.destroy();
    }
  }

  private breakageOf({ api, operation, to, providerRequestId }: ProviderCall): BrokenAnswer | undefined {
    const number = to ?? (providerRequestId ? this.requests.find(api, providerRequestId)?.to : undefined);
    const fault = this.faults.take({ api, operation, ...(number === undefined ? {} : { to: number }) });
    if (fault || number === undefined) return fault;
    const broken = magicNumber(number)?.broken;
    if (broken?.operation !== operation) return undefined;
    // A second start must be able to learn of the request whose answer was lost.
    return operation === 'start' && this.requests.inFlight(api, number) ? undefined : broken;
  }
}
