import type { Request, RequestHandler } from 'express';
import { type Answer, answerFaultily, type Faults, type Operation, sendAnswer } from './faults.js';
import type { Api } from './ledger.js';
import { magicOf } from './magic-numbers.js';

export interface CallCounts extends Record<Operation, number> {
  checksByRequest: Record<string, number>;
}

/** What a route of the look-alike consists of. */
export interface ProviderRoute {
  api: Api;
  operation: Operation | ((request: Request) => Operation);
  /** Who the call is about, for faults that are meant for one number. */
  to(request: Request): string | undefined;
  /** The id it names, for counting. */
  requestId?(request: Request): string | undefined;
  /** Does it, and says what to answer. */
  answer(request: Request): Answer;
}

const noCalls = (): CallCounts => ({
  start: 0,
  check: 0,
  cancel: 0,
  next: 0,
  search: 0,
  checksByRequest: {},
});

/** Counts every call of the provider's API and lets faults come between the call and its answer. */
export class ProviderCalls {
  counts = noCalls();

  constructor(private readonly faults: Faults) {}

  reset(): void {
    this.counts = noCalls();
  }

  handler(route: ProviderRoute): RequestHandler {
    return async (request, response) => {
      const operation = typeof route.operation === 'function' ? route.operation(request) : route.operation;
      const to = route.to(request);
      this.count(operation, route.requestId?.(request));
      const fault = this.faults.take(route.api, operation, to);
      if (fault && !fault.afterEffect) {
        if (fault.kind !== 'latency') return answerFaultily(fault, response, undefined);
        // Slow before it does anything: the delay first, then the effect.
        await answerFaultily(fault, response, undefined);
        return sendAnswer(response, route.answer(request));
      }
      const answer = route.answer(request);
      const magicFault = operation === 'start' && to && answer.status < 300 ? magicOf(to)?.fault : undefined;
      const breaksAnswer = fault ?? (magicFault && !isRefusal(answer) ? magicFault : undefined);
      if (breaksAnswer) return answerFaultily(breaksAnswer, response, answer);
      sendAnswer(response, answer);
    };
  }

  private count(operation: Operation, requestId: string | undefined): void {
    this.counts[operation] += 1;
    if (operation === 'check' && requestId) {
      this.counts.checksByRequest[requestId] = (this.counts.checksByRequest[requestId] ?? 0) + 1;
    }
  }
}

/** v1 says no with a 200. */
const isRefusal = ({ body }: Answer) => {
  const status = (body as { status?: unknown } | undefined)?.status;
  return typeof status === 'string' && status !== '0';
};
