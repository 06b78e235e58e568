/**
 * Every way a call on a verification request can end without success, with its HTTP status. The codes are public API:
 * they never change. Titles and words are in the message catalogue under `problem.<code>`.
 */
export const VERIFICATION_ERRORS = {
  'invalid-input': 400,
  'invalid-phone-number': 422,
  'destination-not-allowed': 403,
  'refused-by-application': 403,
  'destination-rejected': 422,
  'wrong-code': 422,
  'attempts-exhausted': 410,
  expired: 410,
  cancelled: 410,
  'already-verified': 409,
  'requested-elsewhere': 409,
  'unknown-request': 404,
  'not-ready': 409,
  'check-in-progress': 409,
  'phone-busy': 409,
  'idempotency-key-in-use': 409,
  'idempotency-key-reused': 422,
  cooldown: 429,
  'rate-limited': 429,
  'provider-unavailable': 503,
} as const;

/** The code of a failure, as it appears on the wire. */
export type VerificationErrorCode = keyof typeof VERIFICATION_ERRORS;
