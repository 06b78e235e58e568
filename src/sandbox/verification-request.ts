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
}

export type RequestStatus = 'in-progress' | 'success' | 'failed' | 'expired' | 'cancelled' | 'blocked';

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
  readonly events: { id: string; channel: Channel; at: number; price: number }[];
}

export type CheckResult =
  'matched' | 'mismatched' | 'exhausted' | 'gone' | 'no-code' | 'throttled' | 'internal-error';
export type CancelResult = 'cancelled' | 'too-early' | 'too-late' | 'gone' | 'internal-error';
export type NextResult = 'sent' | 'no-more' | 'try-later' | 'gone' | 'internal-error';
