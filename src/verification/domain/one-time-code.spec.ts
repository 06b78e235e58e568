import fc from 'fast-check';
import { parseOneTimeCode } from './one-time-code.js';

describe('parseOneTimeCode', () => {
  it.each([
    ['042917', '042917'],
    [' 042 917 ', '042917'],
    ['042-917', '042917'],
    ['042–917', '042917'],
    ['042\u00a0917', '042917'],
    ['\u200e042917', '042917'],
    ['０４２９１７', '042917'],
    ['٠٤٢٩١٧', '042917'],
    ['०४२९१७', '042917'],
    ['𝟘𝟜𝟚𝟡𝟙𝟟', '042917'],
  ])('reads %j', (typed, code) => {
    expect(parseOneTimeCode(typed, 6)).toEqual({ code });
  });

  it.each([
    ['', 'required'],
    [' - ', 'required'],
    ['12345', 'too-short'],
    ['1234567', 'too-long'],
    ['12345a', 'not-digits'],
    ['12345\u0000', 'not-digits'],
    ['１２３４５Ⅵ', 'not-digits'],
    ['+12345', 'not-digits'],
    ['1e5', 'not-digits'],
  ])('says of %j that it is %s', (typed, defect) => {
    expect(parseOneTimeCode(typed, 6)).toEqual({ defect });
  });

  it('gives exactly that many ASCII digits, or a defect', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (typed) => {
        const result = parseOneTimeCode(typed, 6);
        return 'defect' in result || /^[0-9]{6}$/.test(result.code);
      }),
    );
  });
});
