import { toAsciiDigits } from './digits.js';

/** Why the text cannot be a code. Each reason has its own message in the catalogue. */
export type CodeDefect = 'required' | 'not-digits' | 'not-a-code' | 'too-short' | 'too-long' | 'ambiguous';

/** What was read from a text field: the code, or why there is none. */
export type TypedCode = { code: string } | { defect: CodeDefect };

/** What the codes of one kind look like. */
export interface CodeShape {
  length: number;
  /**
   * The characters of a code, in lower case.
   * @default the digits 0 to 9
   */
  alphabet?: string;
  /** Characters that people mistake for one of the alphabet, and what they stand for. */
  lookAlikes?: Readonly<Record<string, string>>;
}

/** The longest text that is read as a code, in characters. A whole message fits, so that it can be pasted. */
export const LONGEST_TYPED_CODE = 2000;

/** Zero-width characters, direction marks and isolates, variation selectors, the keycap of emoji digits. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u20e3\u2800]/gu;
/** Spaces and dashes of every script, and what some keyboards type in place of a dash. */
const SEPARATOR = String.raw`[\s\p{Dash}\u02d7\u2043\u2796\u30fc\uff70]`;
const SEPARATORS = new RegExp(SEPARATOR, 'gu');
/** Groups of digits with one separator between each two: `123 456`. */
const GROUPED_DIGITS = new RegExp(String.raw`\d+(?:${SEPARATOR}\d+)+`, 'gu');

/**
 * Reads a code that was typed or pasted, of any kind. Spaces, dashes and invisible characters are dropped, and every
 * script's decimal digits are folded. The code is text, so leading zeros count.
 *
 * A code of digits is also found in the text around it (`G-123456`, or a whole message), if it is the only number of that
 * length there.
 */
export function readTypedCode(typed: string, { length, alphabet, lookAlikes = {} }: CodeShape): TypedCode {
  if (typed.length > LONGEST_TYPED_CODE) return { defect: 'too-long' };
  const text = toAsciiDigits(typed).replace(INVISIBLE, '');
  const bare = text.replace(SEPARATORS, '');
  if (alphabet === undefined) return /^\d*$/.test(bare) ? ofLength(bare, length) : findDigits(text, length);
  const characters = [...bare.normalize('NFKC').toLowerCase()].map((each) => lookAlikes[each] ?? each);
  const isCode = characters.every((each) => alphabet.includes(each));
  return isCode ? ofLength(characters.join(''), length) : { defect: 'not-a-code' };
}

function ofLength(code: string, length: number): TypedCode {
  if (code === '') return { defect: 'required' };
  if (code.length < length) return { defect: 'too-short' };
  return code.length > length ? { defect: 'too-long' } : { code };
}

/** The one number of this length in a text, written together or in groups. */
function findDigits(text: string, length: number): TypedCode {
  const together = text.match(/\d+/g) ?? [];
  const grouped = (text.match(GROUPED_DIGITS) ?? []).map((groups) => groups.replace(SEPARATORS, ''));
  const found = new Set([...together, ...grouped].filter((digits) => digits.length === length));
  if (found.size > 1) return { defect: 'ambiguous' };
  const [code] = found;
  return code === undefined ? { defect: 'not-digits' } : { code };
}
