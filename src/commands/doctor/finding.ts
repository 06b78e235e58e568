/** What one check has found. */
export interface Finding {
  /** What was checked, such as `database`. */
  check: string;
  state: 'ok' | 'warning' | 'wrong';
  /** What was found. No secret, no number, no URL with a password. */
  message: string;
  /** What to do about it. */
  advice?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, state: 'ok', message });
export const warning = (check: string, message: string, advice?: string): Finding => ({
  check,
  state: 'warning',
  message,
  ...(advice ? { advice } : {}),
});
export const wrong = (check: string, message: string, advice?: string): Finding => ({
  check,
  state: 'wrong',
  message,
  ...(advice ? { advice } : {}),
});

/** How far two clocks may be apart: certificates, tokens and webhook signatures tolerate seconds. */
const WORTH_A_WORD_SECONDS = 2;
const TOO_MUCH_SECONDS = 30;

/** @param seconds how far this machine's clock is ahead of another one */
export function clockFinding(check: string, seconds: number, uncertainty: number): Finding {
  const skew = Math.max(0, Math.abs(seconds) - uncertainty);
  const words = `this machine’s clock is ${skew.toFixed(1)} s ${seconds > 0 ? 'ahead' : 'behind'}`;
  if (skew <= WORTH_A_WORD_SECONDS) return ok(check, 'the clocks agree');
  const advice = 'Synchronise the clocks (NTP) of this machine and the other one.';
  return skew > TOO_MUCH_SECONDS ? wrong(check, words, advice) : warning(check, words, advice);
}
