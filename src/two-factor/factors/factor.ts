import type { FactorCaller } from './factor-caller.js';

/** One thing of a user that can be shown as a second factor. */
export interface EnrolledFactor {
  /** {@link Factor.method} */
  method: string;
  id: string;
  /** The user's own name for it; may be empty. */
  label: string;
  /** What tells it from others of its kind, for people: a masked number. */
  hint: string;
  primary: boolean;
}

/** A kind of second factor. Further ones are given to the module as `factors`. */
export abstract class Factor {
  /** As in `@RequireFactor({ factor })`, in sessions and on the wire. */
  abstract readonly method: string;
  /** As in RFC 8176. */
  abstract readonly amr: string;
  /** What of it the user has, the preferred first; empty when nothing is enrolled. */
  abstract enrolledBy(userId: string): Promise<EnrolledFactor[]>;
}

export interface CodeFailure {
  ok: false;
  code: 'wrong-code' | 'rate-limited';
  /** After too many wrong codes, whoever typed them. */
  retryAfterSeconds?: number;
}

/** The result of checking a code of a factor. */
export type CodeResult = { ok: true } | CodeFailure;

/** A factor whose code is made by what the user holds: nothing has to be sent. */
export abstract class CodeFactor extends Factor {
  /**
   * Checks one code and spends it: the same code is never right twice.
   * @param caller by whom wrong codes are counted
   */
  abstract verify(userId: string, code: string, caller?: FactorCaller): Promise<CodeResult>;
}
