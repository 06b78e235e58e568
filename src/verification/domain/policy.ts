import { isCountry } from './phone-number.js';

/**
 * Wrong codes in a row of one number or one user, over all requests (OWASP's advice against guessing by starting again).
 * A right code ends the row, a new request or message does not.
 */
export interface WrongCodeLimits {
  /**
   * From this many on, each one is followed by a wait.
   * @default 5
   */
  wrongCodesBeforeWait: number;
  /**
   * The first wait in seconds; each further wrong code doubles it.
   * @default 30
   */
  wrongCodeWaitSeconds: number;
  /**
   * The longest wait, in seconds.
   * @default 3600
   */
  wrongCodeMaxWaitSeconds: number;
  /**
   * From this many on no code is accepted for a day, unless an administrator lifts the lock.
   * @default 20
   */
  wrongCodesBeforeLock: number;
}

/** The limits of one request, and of wrong codes over all of them. Durations in seconds. */
export interface VerificationPolicy extends WrongCodeLimits {
  /**
   * Digits of a code; NIST SP 800-63B-4 (3.1.3.2) asks for at least 6.
   * @default 6
   */
  codeLength: number;
  /**
   * Lifetime of a code, at most 600 (same source).
   * @default 300
   */
  ttlSeconds: number;
  /**
   * Codes that may be tried per request; Vonage itself ends a request after 3.
   * @default 3
   */
  maxAttempts: number;
  /**
   * Messages per request, the first one included.
   * @default 3
   */
  maxSends: number;
  /**
   * Wait between two messages; Vonage refuses to cancel, and so to send again, within 30.
   * @default 30
   */
  resendCooldownSeconds: number;
  /**
   * ISO 3166-1 alpha-2 codes that are served; null serves all.
   * @default null
   */
  allowedCountries: readonly string[] | null;
  /**
   * The provider answers, or is given up on, within this.
   * @default 5
   */
  providerTimeoutSeconds: number;
}

/** The policy that applies where the host sets nothing. */
export const DEFAULT_POLICY: VerificationPolicy = {
  codeLength: 6,
  ttlSeconds: 300,
  maxAttempts: 3,
  maxSends: 3,
  resendCooldownSeconds: 30,
  allowedCountries: null,
  providerTimeoutSeconds: 5,
  wrongCodesBeforeWait: 5,
  wrongCodeWaitSeconds: 30,
  wrongCodeMaxWaitSeconds: 3600,
  wrongCodesBeforeLock: 20,
};

/**
 * The wait after each wrong code in a row, in seconds: the first entry is for the first one. The last entry is for all
 * that follow.
 */
export function wrongCodeWaits(limits: WrongCodeLimits): (number | null)[] {
  if (limits.wrongCodesBeforeWait > MOST_WITHOUT_WAIT) return [null];
  const waits: (number | null)[] = Array.from({ length: limits.wrongCodesBeforeWait - 1 }, () => null);
  for (let wait = limits.wrongCodeWaitSeconds; wait < limits.wrongCodeMaxWaitSeconds; wait *= 2)
    waits.push(wait);
  return [...waits, limits.wrongCodeMaxWaitSeconds];
}

/** A higher limit means that there is no wait. */
const MOST_WITHOUT_WAIT = 1000;

/** More wrong codes than anybody types. */
export const NEVER = 1_000_000_000;

/**
 * Fills in defaults; an explicit 0 is a 0.
 * @throws RangeError naming the first limit that is out of range, or a country that does not exist
 */
export function resolvePolicy(given: Partial<VerificationPolicy> = {}): VerificationPolicy {
  const defined = Object.entries(given).filter(([, value]) => value !== undefined);
  const policy: VerificationPolicy = { ...DEFAULT_POLICY, ...Object.fromEntries(defined) };
  const bounds: [keyof VerificationPolicy, number, number][] = [
    ['codeLength', 4, 10],
    ['ttlSeconds', 60, 600],
    ['maxAttempts', 1, 3],
    ['maxSends', 1, 1000],
    ['resendCooldownSeconds', 0, 600],
    ['wrongCodesBeforeWait', 1, NEVER],
    ['wrongCodeWaitSeconds', 1, 86_400],
    ['wrongCodeMaxWaitSeconds', 1, 86_400],
    ['wrongCodesBeforeLock', 1, NEVER],
  ];
  for (const [name, min, max] of bounds) {
    const value = policy[name] as number;
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(`policy.${name} must be a whole number from ${min} to ${max}, not ${value}`);
    }
  }
  const unknown = policy.allowedCountries?.filter((code) => !isCountry(code)) ?? [];
  if (unknown.length > 0)
    throw new RangeError(
      `policy.allowedCountries: ${unknown.join(', ')} is not the ISO 3166-1 alpha-2 code of a country with phone numbers`,
    );
  return policy;
}

/** A process may take longer than the provider: so much longer, before another process takes its lease. */
const LEASE_MARGIN_SECONDS = 3;

/** How long a send or a check is its process's own. */
export const leaseSeconds = ({ providerTimeoutSeconds }: VerificationPolicy): number =>
  providerTimeoutSeconds + LEASE_MARGIN_SECONDS;

/** How old a live request can be: every message begins its time anew. With a margin for instances that are configured otherwise. */
export const longestLifeSeconds = ({ ttlSeconds, maxSends }: VerificationPolicy): number =>
  ttlSeconds * maxSends + 600;
