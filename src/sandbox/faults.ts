import { z } from 'zod';
import { type Api, APIS, destination, type Operation, OPERATIONS } from './verification-request.js';

/** Every way to break an answer. `latency` delays the answer; all others replace it or cut it off. */
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

const brokenAnswer = {
  kind: z.enum(Object.keys(FAULT_KINDS) as (keyof typeof FAULT_KINDS)[]),
  /** The delay before the answer; defaults to 1000 for `latency` and to 0 for all others. */
  latencyMs: z.int().min(0).max(600_000).optional(),
  status: z.int().min(200).max(599).optional(),
  /** An object is sent as JSON, a string as it is. */
  body: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  retryAfterSeconds: z.int().min(0).max(86_400).optional(),
  /**
   * Whether the operation takes effect before its answer breaks: for a start, whether the message is sent. Defaults to
   * true for `lost-answer` and to false for all others.
   */
  afterEffect: z.boolean().optional(),
  chunked: z.boolean().optional(),
};

/** The body of `POST /faults`. */
export const faultSchema = z.strictObject({
  ...brokenAnswer,
  operation: z
    .union([z.enum(OPERATIONS).transform((one) => [one]), z.array(z.enum(OPERATIONS)).min(1)])
    .optional(),
  api: z.enum(APIS).optional(),
  to: z.string().min(1).max(50).transform(destination).optional(),
  /** 0 and `always` both mean: until the fault is removed. */
  times: z.union([z.int().min(0).max(1_000_000), z.literal('always')]).default(1),
});
type FaultOptions = z.output<typeof faultSchema>;

/** How one answer is broken. */
export type BrokenAnswer = Pick<FaultOptions, keyof typeof brokenAnswer>;

export const isAfterEffect = ({ kind, afterEffect }: BrokenAnswer): boolean =>
  kind === 'lost-answer' || afterEffect === true;

export const delayMs = ({ kind, latencyMs }: BrokenAnswer): number =>
  latencyMs ?? (kind === 'latency' ? 1000 : 0);

/** A fault as `GET /faults` lists it: `remaining` counts down to 0, `used` counts up. */
export type Fault = Omit<FaultOptions, 'times'> & { id: string; remaining: number | 'always'; used: number };

const MAX_FAULTS = 1000;

/** The injected faults. The oldest one that fits a call breaks its answer. Used-up faults stay listed until deleted. */
export class Faults {
  private faults: Fault[] = [];
  private count = 0;

  add({ times, ...options }: FaultOptions): Fault {
    const id = String(++this.count);
    const fault: Fault = { ...options, id, remaining: times === 0 ? 'always' : times, used: 0 };
    if (this.faults.length >= MAX_FAULTS) {
      this.faults = this.faults.filter(({ remaining }) => remaining !== 0);
    }
    if (this.faults.length >= MAX_FAULTS) this.faults.shift();
    this.faults.push(fault);
    return { ...fault };
  }

  /**
   * Uses up one fault that fits the call.
   * @param to undefined when the call names an id that the sandbox never gave out
   */
  take(api: Api, operation: Operation, to: string | undefined): Fault | undefined {
    const fault = this.faults.find(
      (each) =>
        each.remaining !== 0 &&
        (each.api ?? api) === api &&
        (each.operation?.includes(operation) ?? true) &&
        (each.to === undefined || each.to === to),
    );
    if (!fault) return undefined;
    fault.used++;
    if (fault.remaining !== 'always') fault.remaining--;
    return fault;
  }

  list(): Fault[] {
    return this.faults.map((fault) => ({ ...fault }));
  }

  /** @returns false if there is no fault with this id */
  remove(id: string): boolean {
    const before = this.faults.length;
    this.faults = this.faults.filter((fault) => fault.id !== id);
    return this.faults.length < before;
  }

  clear(): void {
    this.faults = [];
  }
}
