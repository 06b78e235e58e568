import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import { z } from 'zod';
import type { Api } from './ledger.js';

export const OPERATIONS = ['start', 'check', 'cancel', 'next', 'search'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Body of `POST /faults`. */
export const faultSchema = z.strictObject({
  kind: z
    .enum(['latency', 'reset', 'status', 'garbage', 'empty', 'truncated', 'lost-answer', 'black-hole'])
    .describe('What happens instead of, or to, the answer'),
  operation: z.union([z.enum(OPERATIONS), z.array(z.enum(OPERATIONS)).min(1)]).optional(),
  api: z.enum(['v1', 'v2']).optional(),
  /** Only for this number. */
  to: z
    .string()
    .transform((to) => to.replace(/\D/g, ''))
    .optional(),
  /** How often; 0 or "always" until it is removed. */
  times: z.union([z.number().int().min(0), z.literal('always')]).default(1),
  latencyMs: z.number().int().min(0).max(600_000).default(1000),
  status: z.number().int().min(200).max(599).default(500),
  retryAfterSeconds: z.number().int().min(0).optional(),
  /** With truncated: without Content-Length, as a chunked answer. */
  chunked: z.boolean().default(false),
  /** True: the operation takes effect first (the message goes out), then the answer breaks. */
  afterEffect: z.boolean().optional(),
});

export type FaultSpec = z.infer<typeof faultSchema>;

export interface Fault extends FaultSpec {
  id: string;
  afterEffect: boolean;
  /** Null: for ever. */
  remaining: number | null;
}

/** What should have been answered, before a fault got hold of it. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export class Faults {
  private faults: Fault[] = [];

  add(spec: FaultSpec): Fault {
    const forEver = spec.times === 'always' || spec.times === 0;
    const fault: Fault = {
      ...spec,
      id: randomUUID(),
      afterEffect: spec.afterEffect ?? spec.kind === 'lost-answer',
      remaining: forEver ? null : (spec.times as number),
    };
    this.faults.push(fault);
    return fault;
  }

  /** The oldest fault that is meant for this call; counts it. */
  take(api: Api, operation: Operation, to: string | undefined): Fault | undefined {
    const fault = this.faults.find(
      (candidate) =>
        (candidate.api === undefined || candidate.api === api) &&
        (candidate.operation === undefined || [candidate.operation].flat().includes(operation)) &&
        (candidate.to === undefined || candidate.to === to),
    );
    if (fault && fault.remaining !== null) {
      fault.remaining -= 1;
      if (fault.remaining <= 0) this.remove(fault.id);
    }
    return fault;
  }

  list(): Fault[] {
    return this.faults;
  }

  remove(id: string): boolean {
    const before = this.faults.length;
    this.faults = this.faults.filter((fault) => fault.id !== id);
    return this.faults.length < before;
  }

  clear(): void {
    this.faults = [];
  }
}

/** Answers as the fault has it. @param answer what would have been said; undefined when the operation did not take place */
export async function answerFaultily(
  fault: Pick<Fault, 'kind'> & Partial<Fault>,
  response: Response,
  answer: Answer | undefined,
): Promise<void> {
  const text = JSON.stringify(answer?.body ?? { request_id: 'f'.repeat(32), status: '0' });
  switch (fault.kind) {
    case 'latency':
      await sleep(fault.latencyMs ?? 1000, undefined, { ref: false });
      if (answer) sendAnswer(response, answer);
      return;
    case 'reset':
    case 'lost-answer':
      response.req.socket.resetAndDestroy();
      return;
    case 'status':
      if (fault.retryAfterSeconds !== undefined) response.setHeader('Retry-After', fault.retryAfterSeconds);
      response
        .status(fault.status ?? 500)
        .json({ title: 'Injected fault', detail: 'Injected by POST /faults' });
      return;
    case 'garbage':
      response.status(200).type('html').send('<html><body><h1>It works!</h1></body></html>');
      return;
    case 'empty':
      response.status(200).type('json').end();
      return;
    case 'truncated': {
      response.status(200).type('json');
      const half = text.slice(0, text.length / 2);
      if (fault.chunked) response.write(half);
      else response.setHeader('Content-Length', half.length).write(half);
      response.end();
      return;
    }
    case 'black-hole':
      // Never an answer; the connection ends when the caller gives up or the sandbox stops.
      return;
  }
}

export function sendAnswer(response: Response, { status, body, headers = {} }: Answer): void {
  if (response.destroyed) return;
  response.status(status).type('json').set(headers);
  if (body === undefined) response.end();
  else response.send(JSON.stringify(body));
}
