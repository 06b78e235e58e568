/** What the model knows: a few numbers, what was started for them, and what the provider made of it. Times in seconds. */

export const TTL = 300;
export const COOLDOWN = 30;
export const LEASE = 8;
export const MAX_ATTEMPTS = 3;
export const MAX_SENDS = 3;
export const WRONG_BEFORE_WAIT = 5;
const FIRST_WAIT = 30;
/** Long over. */
const PAST = 0;
export type Channel = 'sms' | 'voice';
export type FaultyOperation = 'start' | 'check' | 'cancel';
/** `reset`: the provider did nothing. `lost-answer`: it did, and nobody heard of it. */
export type FaultKind = 'reset' | 'lost-answer';
/** All that tells two typed codes apart here: the same caller types the right one or the wrong one. */
export type TypedCode = 'right' | 'wrong';
export const typedCode = (right: boolean): TypedCode => (right ? 'right' : 'wrong');
export type Status = 'SENDING' | 'PENDING' | 'VERIFIED' | 'FAILED' | 'EXPIRED' | 'CANCELLED';

export interface NumberState {
  /** Wrong codes in a row. */
  wrong: number;
  waitUntil: number | null;
  /** Index of the request that holds the number. */
  live: number | null;
  liveUntil: number;
  messages: number;
  faults: Partial<Record<FaultyOperation, FaultKind>>;
}

export interface RequestState {
  /** Null until the database has told. */
  id: string | null;
  number: number;
  owner: number;
  status: Status;
  reason: string | null;
  attempts: number;
  sends: number;
  channel: Channel;
  providerId: string | null;
  /** Not null: it is not known whether a message went out; in the past: whoever comes first may find out. */
  sendLeaseUntil: number | null;
  resendAt: number | null;
  /** A check or a resend holds it, or did when its instance died. */
  claimed: boolean;
  claimedUntil: number | null;
  inDoubt: boolean;
  /** The code of the check under way; null for a resend. */
  claimAbout: TypedCode | null;
  /** The code that a late verdict belongs to; after two different ones it belongs to nobody. */
  doubtAbout: TypedCode | 'nobody' | null;
  createdAt: number;
  expiresAt: number;
}

/** One request at the provider. */
export interface ProviderState {
  id: string;
  number: number;
  startedAt: number;
  endsAt: number;
  end: { how: 'success' | 'failed' | 'cancelled' | 'expired'; at: number } | null;
  wrong: number;
}

export interface State {
  api: 'v1' | 'v2';
  numbers: NumberState[];
  requests: RequestState[];
  providers: ProviderState[];
}

export function newState(api: State['api'], numbers: number): State {
  const fresh = (): NumberState => ({
    wrong: 0,
    waitUntil: null,
    live: null,
    liveUntil: PAST,
    messages: 0,
    faults: {},
  });
  return { api, numbers: Array.from({ length: numbers }, fresh), requests: [], providers: [] };
}

export const isLive = ({ status }: RequestState) => status === 'SENDING' || status === 'PENDING';

/** As callers see it. */
export function publicStatus(request: RequestState, now: number): Exclude<Status, 'SENDING'> {
  if (isLive(request) && request.expiresAt <= now) return 'EXPIRED';
  return request.status === 'SENDING' ? 'PENDING' : request.status;
}

export const isWaiting = ({ waitUntil }: NumberState, now: number) => waitUntil !== null && waitUntil > now;
export const isBusy = ({ claimedUntil }: RequestState, now: number) =>
  claimedUntil !== null && claimedUntil > now;

/** One more code that is wrong, as far as anybody knows. */
export function countWrong(number: NumberState, now: number): void {
  number.wrong += 1;
  const over = number.wrong - WRONG_BEFORE_WAIT;
  number.waitUntil = over >= 0 ? now + FIRST_WAIT * 2 ** over : null;
}

/** Ends a request, and frees its number. */
export function end(state: State, request: RequestState, status: Status, reason: string | null = null): void {
  request.status = status;
  request.reason = reason;
  const number = state.numbers[request.number]!;
  if (number.live === state.requests.indexOf(request)) number.live = null;
}

/** The newest requests of a number come first. */
export function requestAt(state: State, number: number, age: number): RequestState | null {
  return state.requests.filter((request) => request.number === number).at(-1 - age) ?? null;
}
