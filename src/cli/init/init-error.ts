/** A reason why `nest-sms-otp init` changes nothing, in words for the person who called it. */
export class InitError extends Error {
  override readonly name = 'InitError';
}
