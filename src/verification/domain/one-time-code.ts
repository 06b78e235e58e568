import { toAsciiDigits } from './digits.js';

/** Why a typed code cannot be one; each has words of its own in the message catalogue. */
export type CodeDefect = 'required' | 'not-digits' | 'too-short' | 'too-long';

/**
 * Reads a typed or pasted code: spaces, hyphens and direction marks are dropped, full-width and other scripts' digits
 * folded. Kept as text, so leading zeros count.
 */
export function parseOneTimeCode(
  input: string,
  codeLength: number,
): { code: string } | { defect: CodeDefect } {
  const code = toAsciiDigits(input.normalize('NFKC')).replace(/[\s\p{Cf}\p{Pd}]/gu, '');
  if (code === '') return { defect: 'required' };
  if (!/^[0-9]+$/.test(code)) return { defect: 'not-digits' };
  if (code.length < codeLength) return { defect: 'too-short' };
  if (code.length > codeLength) return { defect: 'too-long' };
  return { code };
}
