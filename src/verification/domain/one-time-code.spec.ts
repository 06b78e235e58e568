import fc from 'fast-check';
import { LONGEST_TYPED_CODE, readTypedCode } from './one-time-code.js';

const SIX = { length: 6 };
const BASE32 = {
  length: 14,
  alphabet: '0123456789abcdefghjkmnpqrstvwxyz',
  lookAlikes: { o: '0', l: '1', u: 'v' },
};
const DASHES = [
  ...'-\u00ad\u058a\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2053\u2212\u2796\u30fc\ufe58\ufe63\uff0d',
];
const SPACES = [...' \t\n\u00a0\u1680\u2002\u2007\u2009\u2028\u202f\u205f\u3000'];
const INVISIBLE = [
  ...'\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufe0f\ufeff\u{e0020}',
];
/** The digits of each numbering system that ICU knows, `0` to `9`. */
const SCRIPTS = Intl.supportedValuesOf('numberingSystem')
  .map((system) =>
    [...Array(10).keys()].map((digit) => new Intl.NumberFormat(`en-u-nu-${system}`).format(digit)),
  )
  .filter((digits) => digits.every((digit) => /^\p{Nd}$/u.test(digit)));

describe('readTypedCode', () => {
  it('reads the decimal digits of every script', () => {
    expect(SCRIPTS.length).toBeGreaterThan(60);
    for (const digits of SCRIPTS) {
      const typed = [...'0429173586'].map((digit) => digits[Number(digit)]).join('');
      expect([typed, readTypedCode(typed, { length: 10 })]).toEqual([typed, { code: '0429173586' }]);
    }
  });

  it.each([
    ['dashes', DASHES],
    ['spaces', SPACES],
    ['characters that nobody sees', INVISIBLE],
  ])('drops %s, in a code of digits and in one of letters', (_name, characters) => {
    for (const character of characters) {
      const around = `${character}042${character}917${character}`;
      expect([character, readTypedCode(around, SIX)]).toEqual([character, { code: '042917' }]);
      const letters = ` ${character}k7f2w${character}9qxma${character}3d8e`;
      expect([character, readTypedCode(letters, BASE32)]).toEqual([character, { code: 'k7f2w9qxma3d8e' }]);
    }
  });

  it.each([
    ['', 'required'],
    [' - ', 'required'],
    ['\u200b', 'required'],
    ['12345', 'too-short'],
    ['1234567', 'too-long'],
    // Numbers only: a slip of the finger, not a message.
    ['123456 7', 'too-long'],
    ['1 234567', 'too-long'],
    ['123456-123456', 'too-long'],
    ['12345a', 'not-digits'],
    ['12345\u0000', 'not-digits'],
    ['１２３４５Ⅵ', 'not-digits'],
    ['12345²', 'not-digits'],
    ['12345½', 'not-digits'],
    ['+12345', 'not-digits'],
    ['1e5', 'not-digits'],
    ['123.456', 'not-digits'],
    ['G-12345', 'not-digits'],
    ['G-1234567', 'not-digits'],
    ['I got no code', 'not-digits'],
    ['call +14155552671', 'not-digits'],
  ])('says of %j that it is %s', (typed, defect) => {
    expect(readTypedCode(typed, SIX)).toEqual({ defect });
  });

  it.each([
    'G-042917',
    'G\u2011042917',
    '#042917',
    '042917.',
    'MyApp code: 042917. Valid for 5 minutes.',
    '042917 is your code. Never share it. Reply STOP to 12345.',
    'Your code is 042 917 (valid until 18:30)',
    'Your code is 042-917.',
    '<#> 042-917 is your code\nFA+9qCX9VSu',
    'Your code is 042917.\n\n@example.com #042917',
    'Pay 1,234.56 EUR to +49 1512 3456789? Code: 042917',
    '認証コードは042917です。有効期限は5分です。',
    'رمزك هو ٠٤٢٩١٧ صالح لمدة ٥ دقائق',
    '\u2068MyApp\u2069 code: \u206804\u200b2917\u2069',
    'code 042917 5 minutes',
  ])('finds the code in %j', (typed) => {
    expect(readTypedCode(typed, SIX)).toEqual({ code: '042917' });
  });

  it.each([
    'code 042917 or 123456',
    'order 123456: your code is 042-917',
    'Pay 123 456 EUR with code 042917',
    '25-11-26: code 042917',
  ])('does not guess which number of %j is the code', (typed) => {
    expect(readTypedCode(typed, SIX)).toEqual({ defect: 'ambiguous' });
  });

  it.each([
    ['K7F2W 9QXMA 3D8E', { code: 'k7f2w9qxma3d8e' }],
    ['ｋ７ｆ２ｗ－９ｑｘｍａ－３ｄ８ｅ', { code: 'k7f2w9qxma3d8e' }],
    ['kOf2w-9qxma-3dle', { code: 'k0f2w9qxma3d1e' }],
    ['k7f2w-9qxma-3d8', { defect: 'too-short' }],
    ['k7f2w-9qxma-3d8ee', { defect: 'too-long' }],
    ['k7f2w-9qxma-3d8!', { defect: 'not-a-code' }],
    [' \u2013 ', { defect: 'required' }],
  ])('reads letters too: %j', (typed, result) => {
    expect(readTypedCode(typed, BASE32)).toEqual(result);
  });

  it('gives exactly that many characters of the alphabet, or a defect', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (typed) => {
        const digits = readTypedCode(typed, SIX);
        const letters = readTypedCode(typed, BASE32);
        return (
          ('defect' in digits || /^[0-9]{6}$/.test(digits.code)) &&
          ('defect' in letters || /^[0-9a-hjkmnp-tv-z]{14}$/.test(letters.code))
        );
      }),
    );
  });

  it('reads no more than the longest message', () => {
    const longest = `${'x'.repeat(LONGEST_TYPED_CODE - 6)}042917`;
    expect(readTypedCode(longest, SIX)).toEqual({ code: '042917' });
    expect(readTypedCode(`x${longest}`, SIX)).toEqual({ defect: 'too-long' });
  });

  it('is quick with whatever fits into the field', () => {
    const started = performance.now();
    for (const unit of ['1 ', '1-', '123456 ', '1\u200b', ' -', '१ '])
      readTypedCode(`a${unit.repeat(LONGEST_TYPED_CODE)}`.slice(0, LONGEST_TYPED_CODE), SIX);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
