import { isStorable, isVisible, withHiddenCharactersShown } from './free-text.js';

describe('a line that others read', () => {
  it.each([
    'my phone',
    'Zoë’s téléphone',
    'טלפון של דנה',
    'گوشی\u200cمن',
    'phone ❤\ufe0f of the 👩\u200d👩\u200d👧',
    '電話',
    '50 % (new) — "blue"',
    '',
  ])('may be %j', (text) => {
    expect(isVisible(text)).toBe(true);
    expect(withHiddenCharactersShown(text)).toBe(text.normalize('NFC'));
  });

  it.each([
    ['a NUL', 'a\u0000b'],
    ['a line feed', 'ACME\nPay 1 EUR'],
    ['a carriage return', 'a\rb'],
    ['a tab', 'a\tb'],
    ['an escape', 'a\u001b[31mb'],
    ['a next line', 'a\u0085b'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a right-to-left override', 'a\u202eb'],
    ['a left-to-right embedding', 'a\u202ab'],
    ['an isolate', 'a\u2066b\u2069'],
    ['a right-to-left mark', 'a\u200fb'],
    ['an Arabic letter mark', 'a\u061cb'],
    ['a zero-width space', 'a\u200bb'],
    ['a word joiner', 'a\u2060b'],
    ['a byte order mark', 'a\ufeffb'],
    ['a soft hyphen', 'a\u00adb'],
    ['a Hangul filler', 'a\u3164b'],
    ['a blank Braille pattern', 'a\u2800b'],
    ['a tag character', 'a\u{e0041}b'],
    ['half a surrogate pair', 'a\ud800b'],
  ])('holds no %s, and shows it where it comes from elsewhere', (_name, text) => {
    expect(isVisible(text)).toBe(false);
    expect(withHiddenCharactersShown(text)).toMatch(/^(a|ACME)\ufffd/);
    expect(isVisible(withHiddenCharactersShown(text))).toBe(true);
  });

  it('has something to see', () => {
    for (const text of [' ', '\u200d\u200d', '\ufe0f', '\u0301']) expect(isVisible(text)).toBe(false);
  });
});

describe('a text of any kind', () => {
  it('can be stored unless it has a NUL or half a surrogate pair', () => {
    expect(['', 'a\nb', '\u202e', '👍'].map(isStorable)).toEqual([true, true, true, true]);
    expect(['a\0', '\ud800', '\udc00\ud800'].map(isStorable)).toEqual([false, false, false]);
  });
});
