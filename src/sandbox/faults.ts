import { z } from 'zod';
import { type Api, APIS, destination, type Operation, OPERATIONS } from './words.js';

/** What an answer can suffer. `latency` delays it; everything else replaces or breaks it. */
export const FAULT_KINDS = {
  latency: 'the answer comes late (latencyMs, defaults to 1000)',
  reset: 'the connection is reset',
  'lost-answer': 'the operation takes effect, then the connection is reset',
  status: 'another HTTP status (status, defaults to 503), with a body and Retry-After if given',
  garbage: 'an HTML page with status 200',
  empty: 'status 200 with an empty body',
  truncated: 'half of the answer, then the connection ends (with a content-length, or chunked)',
  stalled: 'half of the answer, then silence',
  'black-hole': 'no answer at all; the connection stays open',
} as const;
export type FaultKind = keyof typeof FAULT_KINDS;

/** How one answer is broken. */
export interface BrokenAnswer {
  kind: FaultKind;
  /** Before the answer, or before the effect if there is none. */
  latencyMs?: number;
  status?: number;
  /** An object goes out as JSON, a text as it is. */
  body?: Record<string, unknown> | string;
  retryAfterSeconds?: number;
  /** Whether the operation takes effect first: whether the message goes out. Default: only for `lost-answer`. */
  afterEffect?: boolean;
  chunked?: boolean;
}

const DEFAULT_LATENCY_MS = 1000;

export function takesEffect({ kind, afterEffect }: BrokenAnswer): boolean {
  return kind === 'lost-answer' || afterEffect === true;
}

export function delayOf({ kind, latencyMs }: BrokenAnswer): number {
  return latencyMs ?? (kind === 'latency' ? DEFAULT_LATENCY_MS : 0);
}

const kinds = Object.keys(FAULT_KINDS) as [FaultKind, ...FaultKind[]];
const MAX_LATENCY_MS = 600_000;

/** The body of `POST /faults`. */
export const faultSchema = z.strictObject({
  kind: z.enum(kinds),
  operation: z
    .union([z.enum(OPERATIONS).transform((one) => [one]), z.array(z.enum(OPERATIONS)).min(1)])
    .optional(),
  api: z.enum(APIS).optional(),
  to: z.string().min(1).max(50).transform(destination).optional(),
  /** 0 and "always": until it is removed. */
  times: z.union([z.int().min(0).max(1_000_000), z.literal('always')]).default(1),
  latencyMs: z.int().min(0).max(MAX_LATENCY_MS).optional(),
  status: z.int().min(200).max(599).optional(),
  body: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  retryAfterSeconds: z.int().min(0).max(86_400).optional(),
  afterEffect: z.boolean().optional(),
  chunked: z.boolean().optional(),
});
type FaultOrder = z.output<typeof faultSchema>;

/** One call as faults see it. `to` is unknown for an id that nobody gave out. */
export interface CallToBreak {
  api: Api;
  operation: Operation;
  to?: string;
}

/** As listed: `remaining` counts down to 0, `used` counts up. */
export type Fault = Omit<FaultOrder, 'times'> & { id: string; remaining: number | 'always'; used: number };

const MAX_FAULTS = 1000;

/** The faults in waiting. The oldest that fits a call breaks it; used-up ones stay listed until deleted. */
export class Faults {
  private faults: Fault[] = [];
  private count = 0;

  add({ times, ...order }: FaultOrder): Fault {
    const fault: Fault = {
      ...order,
      id: String(++this.count),
      remaining: times === 0 ? 'always' : times,
      used: 0,
    };
    if (this.faults.length >= MAX_FAULTS)
      this.faults = this.faults.filter(({ remaining }) => remaining !== 0);
    if (this.faults.length >= MAX_FAULTS) this.faults.shift();
    this.faults.push(fault);
    return { ...fault };
  }

  take(call: CallToBreak): Fault | undefined {
    const fault = this.faults.find((candidate) => fits(candidate, call));
    if (!fault) return undefined;
    fault.used++;
    if (fault.remaining !== 'always') fault.remaining--;
    return fault;
  }

  list(): Fault[] {
    return this.faults.map((fault) => ({ ...fault }));
  }

  /** @returns false if there is none with this id */
  remove(id: string): boolean {
    const before = this.faults.length;
    this.faults = this.faults.filter((fault) => fault.id !== id);
    return this.faults.length < before;
  }

  clear(): void {
    this.faults = [];
  }
}

function fits(fault: Fault, { api, operation, to }: CallToBreak): boolean {
  return (
    fault.remaining !== 0 &&
    (fault.api ?? api) === api &&
    (fault.operation?.includes(operation) ?? true) &&
    (fault.to === undefined || fault.to === to)
  );
}
