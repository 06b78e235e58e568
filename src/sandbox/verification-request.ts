import type { MagicNumber } from './magic-numbers.js';
import type { Api, Channel } from './words.js';

/** One way of delivering the code. */
export interface Step {
  channel: Channel;
  to: string;
  /** v2: this step repeats the code of the one before. */
  reuseCode?: boolean;
}

/** What a valid start asks for. */
export interface Plan {
  api: Api;
  accountId: string;
  brand: string;
  senderId: string;
  codeLength: number;
  /** A code that the caller chose (v2). */
  code?: string;
  /** At least one. */
  steps: Step[];
  /** Until the next step starts by itself. */
  stepSeconds: number;
  /** Lifetime of a code. */
  codeSeconds: number;
  /** v2: the caller's own reference, repeated in every webhook. */
  clientRef?: string;
}

export type RequestStatus = 'in-progress' | 'success' | 'failed' | 'expired' | 'cancelled' | 'blocked';

/** What became of one step. A cancelled request's step has no outcome. */
export type StepOutcome = 'completed' | 'failed' | 'expired' | 'blocked';

/** A step that was begun. */
export interface StepEvent {
  readonly id: string;
  readonly channel: Channel;
  readonly at: number;
  readonly price: number;
  outcome?: StepOutcome;
  endedAt?: number;
}

/** What the end of a request makes of its last step. Vonage has no word for the step of a cancelled one. */
export const END_OUTCOMES: Partial<Record<RequestStatus, StepOutcome>> = {
  success: 'completed',
  failed: 'failed',
  expired: 'expired',
  blocked: 'blocked',
};

/** All times are milliseconds of the sandbox's clock. */
export interface ProviderRequest {
  readonly id: string;
  readonly plan: Plan;
  /** Where the first message goes: one request at a time is live for it. */
  readonly to: string;
  readonly magic: MagicNumber | undefined;
  readonly startedAt: number;
  status: RequestStatus;
  endedAt: number | null;
  stepIndex: number;
  stepStartedAt: number;
  /** Null while the step has no code (silent authentication). */
  code: string | null;
  codeEndsAt: number;
  /** Wrong codes since the code was made. */
  wrongChecks: number;
  readonly checks: { at: number; code: string; valid: boolean }[];
  /** The steps begun so far, in order. */
  readonly events: StepEvent[];
}

export type CheckResult =
  'matched' | 'mismatched' | 'exhausted' | 'gone' | 'no-code' | 'throttled' | 'internal-error';
export type CancelResult = 'cancelled' | 'too-early' | 'too-late' | 'gone' | 'internal-error';
export type NextResult = 'sent' | 'no-more' | 'try-later' | 'gone' | 'internal-error';
