import fc from 'fast-check';
import { maskPhoneNumber, PhoneNumber } from './phone-number.js';

describe('PhoneNumber', () => {
  it.each([
    ['+14155552671', undefined],
    ['14155552671', undefined],
    ['0014155552671', undefined],
    [' +1 (415) 555-2671 ', undefined],
    ['tel:+1-415-555-2671', undefined],
    ['415.555.2671', 'US'],
    ['+1 415 555 2671', 'GB'],
    ['+１４１５５５５２６７１', undefined],
    ['+۱۴۱۵۵۵۵۲۶۷۱', undefined],
    ['\u2066+1 415 555 2671\u2069', undefined],
  ])('reads %j (%s) as +14155552671', (text, country) => {
    expect(PhoneNumber.tryParse(text, country)?.e164).toBe('+14155552671');
  });

  it.each([
    ['a letter', '+1415555267A'],
    ['an extension', '+14155552671 ext. 5'],
    ['a NUL', '+14155552671\u0000'],
    ['a line break', '+14155552671\n'.repeat(2)],
    ['two numbers', '+14155552671,+14155552672'],
    ['too short', '+1415555'],
    ['too long', '+14155552671234567'],
    ['nothing', ''],
    ['a national number without its country', '(0171) 1234567'],
    ['an unknown country', '+999123456789'],
  ])('refuses %s', (_name, text) => {
    expect(PhoneNumber.tryParse(text)).toBeNull();
  });

  it.each([undefined, null, 14155552671, ['+14155552671'], { toString: () => '+14155552671' }])(
    'refuses %p',
    (value) => {
      expect(PhoneNumber.tryParse(value)).toBeNull();
    },
  );

  it('knows what a number can receive', () => {
    const landline = PhoneNumber.tryParse('+442079460000')!;
    expect([landline.canReceive('sms'), landline.canReceive('voice')]).toEqual([false, true]);
    expect(PhoneNumber.tryParse('+4915112345678')!.canReceive('sms')).toBe(true);
    expect(PhoneNumber.tryParse('+18005551234')!.canReceive('voice')).toBe(false);
  });

  it('is not parsed again', () => {
    const phone = PhoneNumber.tryParse('+14155552671');
    expect(PhoneNumber.tryParse(phone, 'GB')).toBe(phone);
  });

  it('shows itself masked wherever it is turned into text', () => {
    const phone = PhoneNumber.tryParse('+14155552671')!;
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
        return PhoneNumber.tryParse(text)?.e164 === '+14155552671';
      }),
    );
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.option(fc.string(), { nil: undefined }),
        (text, country) => {
          const phone = PhoneNumber.tryParse(text, country);
          return phone === null || /^\+\d{7,15}$/.test(phone.e164);
        },
      ),
    );
  });
});
