import type { CodeDefect } from '../../verification/index.js';
import type { SignedInCaller } from '../session/assurance.js';

/** One thing that a user has enrolled as a second factor, such as a phone. */
export interface EnrolledFactor {
  /** {@link Factor.method} */
  method: string;
  id: string;
  /** The user's own name for it. May be empty. */
  label: string;
  /** Distinguishes it from others of its kind: a masked number. May be empty. */
  hint: string;
  primary: boolean;
}

/** Factors of one kind that a user has only named, in the order in which they are offered. */
export const namedFactors = (
  method: string,
  factors: readonly Pick<EnrolledFactor, 'id' | 'label'>[],
): EnrolledFactor[] =>
  factors.map(({ id, label }, index) => ({ method, id, label, hint: '', primary: index === 0 }));

/** A kind of second factor. Hosts give further ones to the module as `factors`. */
export abstract class Factor {
  /** Its name in `@RequireFactor({ factor })`, in sessions and in JSON. */
  abstract readonly method: string;
  /** Its name in RFC 8176. */
  abstract readonly amr: string;
  /** What the user has enrolled, the preferred one first. */
  abstract enrolledBy(userId: string): Promise<EnrolledFactor[]>;
}

/** Why a code was rejected. */
export interface CodeFailure {
  ok: false;
  /** `code-used`: this very session has used it. To any other session a used code is a wrong one. */
  code: 'wrong-code' | 'code-used' | 'invalid-input' | 'rate-limited';
  /** With `rate-limited` and `code-used`. */
  retryAfterSeconds?: number;
  /** With `invalid-input`: why what was typed cannot be a code. It was not checked and costs no attempt. */
  defect?: CodeDefect;
  /** With `wrong-code`: it may have been right and used before. Says nothing about the code that was typed. */
  mayBeUsed?: boolean;
}

/** The result of {@link CodeFactor.verify}. */
export type CodeResult = { ok: true } | CodeFailure;

/** A factor whose codes the user already holds, so that no message is sent. */
export abstract class CodeFactor extends Factor {
  /**
   * How many digits its codes have. The page sends a code of that length by itself.
   * @default none: people press the button
   */
  readonly codeLength?: number;

  /** Checks a code and accepts it once. Counting wrong codes is up to the factor. */
  abstract verify(caller: SignedInCaller, code: string): Promise<CodeResult>;
}
