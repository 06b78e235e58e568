import fc from 'fast-check';
import { maskPhoneNumber, PhoneNumber } from './phone-number.js';

const read = (text: unknown, country?: string, defaultCountry?: string) => {
  const { phone, defect } = PhoneNumber.read(text, { country, defaultCountry });
  return phone?.e164 ?? defect;
};

describe('PhoneNumber', () => {
  it.each([
    ['+14155552671', undefined],
    ['14155552671', undefined],
    ['0014155552671', undefined],
    ['00 1 415 555 2671', undefined],
    [' +1 (415) 555-2671 ', undefined],
    ['(+1) 415 555 2671', undefined],
    ['+1 415 555 2671\n', undefined],
    ['tel:+1-415-555-2671', undefined],
    ['415.555.2671', 'US'],
    ['4155552671', 'US'],
    ['1 415 555 2671', 'US'],
    ['14155552671', 'US'],
    ['011 1 415 555 2671', 'US'],
    ['+1 415 555 2671', 'GB'],
    ['00 1 415 555 2671', 'GB'],
    ['00 1 415 555 2671', 'US'],
    ['+１４１５５５５２６７１', undefined],
    ['１４１５５５５２６７１', undefined],
    ['+۱۴۱۵۵۵۵۲۶۷۱', undefined],
    ['\u2066+1 415 555 2671\u2069', undefined],
    ['\u202a14155552671\u202c', undefined],
    ['[415] 555ー2671', 'US'],
  ])('reads %j (%s) as +14155552671', (text, country) => {
    expect(read(text, country)).toBe('+14155552671');
  });

  it.each([
    ['a letter', '+1415555267A', 'no-number'],
    ['an extension', '+14155552671 ext. 5', 'no-number'],
    ['parameters', 'tel:+14155552671;ext=5', 'no-number'],
    ['a NUL', '+14155552671\u0000', 'no-number'],
    ['a line break', '+14155552671\n+14155552671', 'no-number'],
    ['two numbers', '+14155552671,+14155552672', 'no-number'],
    ['too short', '+1415555', 'no-number'],
    ['too long', '+14155552671234567', 'no-number'],
    ['an unknown calling code', '+999123456789', 'no-number'],
    ['an unknown calling code without +', '999123456789', 'country-needed'],
    ['nothing', '', 'no-number'],
    ['no digits', '+ ()', 'no-number'],
    ['a few digits', '12', 'no-number'],
    ['a national number without its country', '(0171) 1234567', 'country-needed'],
  ])('refuses %s', (_name, text, defect) => {
    expect(read(text)).toBe(defect);
  });

  it.each([undefined, null, 14155552671, ['+14155552671'], { toString: () => '+14155552671' }])(
    'refuses %p',
    (value) => {
      expect(read(value)).toBe('no-number');
    },
  );

  it('knows what a number can receive', () => {
    const landline = PhoneNumber.fromE164('+442079460000');
    expect([landline.canReceive('sms'), landline.canReceive('voice')]).toEqual([false, true]);
    expect(PhoneNumber.fromE164('+4915112345678').canReceive('sms')).toBe(true);
    expect(PhoneNumber.fromE164('+18005551234').canReceive('voice')).toBe(false);
  });

  it.each(['14155552671', '', 'call +14155552671', '+1 415 555 2671', undefined])(
    'reads back only what was stored, not %p',
    (text) => {
      expect(() => PhoneNumber.fromE164(text as string)).toThrow(/^not a phone number in E\.164/);
    },
  );

  it('is not parsed again', () => {
    const { phone } = PhoneNumber.read('+14155552671');
    expect(PhoneNumber.read(phone, { country: 'GB' }).phone).toBe(phone);
  });

  it('shows itself masked wherever it is turned into text', () => {
    const phone = PhoneNumber.fromE164('+14155552671');
    expect(`${phone}`).toBe('+1 ••• ••• ••71');
    expect(JSON.stringify({ phone })).toBe('{"phone":"+1 ••• ••• ••71"}');
    expect(maskPhoneNumber('ZZ', '71')).toBe('+• ••• ••• ••71');
  });

  it('is the same number however separators are sprinkled in', () => {
    const separators = fc.array(fc.constantFrom('', ' ', '-', '.', '\u00a0', '\u2011', '\u200b'), {
      minLength: 12,
      maxLength: 12,
    });
    fc.assert(
      fc.property(separators, (list) => {
        const text =
          '+' +
          '14155552671'
            .split('')
            .map((digit, index) => digit + list[index])
            .join('');
        return read(text) === '+14155552671';
      }),
    );
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.option(fc.string(), { nil: undefined }),
        (text, country) => {
          const { phone, defect } = PhoneNumber.read(text, { country, defaultCountry: country });
          return phone === null ? defect !== undefined : /^\+\d{7,15}$/.test(phone.e164);
        },
      ),
    );
  });
});
