/** The two Vonage products that the sandbox imitates. */
export const APIS = ['v1', 'v2'] as const;
export type Api = (typeof APIS)[number];

/**
 * What a caller can ask of either product. `next` is v1's `trigger_next_event` and v2's `next_workflow`; only v1 has
 * `search`.
 */
export const OPERATIONS = ['start', 'check', 'cancel', 'next', 'search'] as const;
export type Operation = (typeof OPERATIONS)[number];

export type Channel = 'sms' | 'voice' | 'whatsapp' | 'rcs' | 'email' | 'silent_auth';

/** Normalizes a destination: phone numbers become digits only, e-mail addresses stay as they are. */
export function destination(text: string): string {
  return text.includes('@') ? text : text.replace(/\D/g, '');
}

/** One way of delivering the code. */
export interface Step {
  channel: Channel;
  to: string;
  /** v2: this step sends the previous step's code again. */
  reuseCode?: boolean;
}

/** What a valid start asks for. */
export interface Plan {
  api: Api;
  /** The API key of the caller. */
  accountId: string;
  brand: string;
  senderId: string;
  codeLength: number;
  /** The language that the caller asked for. The sandbox writes English whatever it is. */
  locale?: string;
  /** A code that the caller chose (v2). */
  code?: string;
  /** At least one. */
  steps: Step[];
  /** How long until the next step starts automatically. */
  stepSeconds: number;
  /** How long a code is valid. */
  codeSeconds: number;
  /** v2: the caller's own reference, repeated in every webhook. */
  clientRef?: string;
}

export type RequestStatus = 'in-progress' | 'success' | 'failed' | 'expired' | 'cancelled' | 'blocked';

/** How a step ended. The step of a cancelled request has no outcome. */
export type StepOutcome = 'completed' | 'failed' | 'expired' | 'blocked';

/** A step that has begun. Times are milliseconds of the sandbox's clock. */
export interface StepEvent {
  readonly id: string;
  readonly channel: Channel;
  readonly at: number;
  /** EUR. */
  readonly price: number;
  outcome?: StepOutcome;
  endedAt?: number;
}

/** One verification request and its state. Times are milliseconds of the sandbox's clock. */
export interface ProviderRequest {
  readonly id: string;
  readonly plan: Plan;
  /** The first step's destination. Only one request per destination can be in progress. */
  readonly to: string;
  readonly startedAt: number;
  status: RequestStatus;
  endedAt: number | null;
  stepIndex: number;
  stepStartedAt: number;
  /** Null while the step has no code (silent authentication). */
  code: string | null;
  codeEndsAt: number;
  /** Wrong codes since the current code was generated. */
  wrongChecks: number;
  readonly checks: { at: number; code: string; valid: boolean }[];
  /** The steps begun so far, in order. */
  readonly events: StepEvent[];
}

/** How the last step of a request ends with it. Vonage documents no outcome for the step of a cancelled request. */
export const OUTCOME_OF_LAST_STEP: Partial<Record<RequestStatus, StepOutcome>> = {
  success: 'completed',
  failed: 'failed',
  expired: 'expired',
  blocked: 'blocked',
};

export type CheckResult =
  'matched' | 'mismatched' | 'exhausted' | 'gone' | 'no-code' | 'throttled' | 'internal-error';
export type CancelResult = 'cancelled' | 'too-early' | 'too-late' | 'gone' | 'internal-error';
export type NextResult = 'sent' | 'no-more' | 'try-later' | 'gone' | 'internal-error';

/** Why a start is refused; v1 and v2 each have their own answer. */
export type StartRefusal =
  | 'throttled'
  | 'missing-parameter'
  | 'invalid-number'
  | 'bad-credentials'
  | 'internal-error'
  | 'unroutable'
  | 'blocked'
  | 'account-barred'
  | 'no-credit'
  | 'conflict'
  | 'conflict-without-id'
  | 'unsupported-network'
  | 'own-code-not-enabled'
  | 'demo-account';
