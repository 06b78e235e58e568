import { readFileSync } from 'node:fs';
import { PhoneNumber } from './phone-number.js';

const read = (text: string, country?: string, defaultCountry?: string) => {
  const { phone, defect } = PhoneNumber.read(text, { country, defaultCountry });
  return phone?.e164 ?? defect;
};

describe('a number without + and without a country', () => {
  it.each([
    '479 555 0123',
    '4795550123',
    '(659) 555-0123',
    '6595550123',
    '4575550123',
    '6465550123',
    '457 555 0123',
    '646-555-0123',
    '1-415-555-2671',
    '1 415 555 2671',
  ])('is not sent to another country: %s', (text) => {
    expect(read(text)).toBe('country-needed');
  });

  it.each([
    ['479 555 0123', '+14795550123'],
    ['(659) 555-0123', '+16595550123'],
    ['1 415 555 2671', '+14155552671'],
    ['14155552671', '+14155552671'],
    ['4155552671', '+14155552671'],
    ['011 44 7400 123456', '+447400123456'],
    ['00 44 7400 123456', '+447400123456'],
  ])('is one of the default country: %s', (text, e164) => {
    expect(read(text, undefined, 'US')).toBe(e164);
    expect(read(text, undefined, 'us')).toBe(e164);
  });

  it('is bare E.164 where the default country has no such number', () => {
    expect(read('447400123456', undefined, 'US')).toBe('+447400123456');
    expect(read('14155552671', undefined, 'GB')).toBe('+14155552671');
  });

  it.each([
    // Norway's +47 95 55 01 23, or 479 555 0123 in the US.
    ['4795550123', 'US'],
    // The American +1 701 234 5678, or the German 01701 2345678.
    ['17012345678', 'DE'],
    // The British +44 7400 123456, or a landline in 04474.
    ['447400123456', 'DE'],
  ])(
    'is refused where it could be of the default country and of another one: %s with %s',
    (text, country) => {
      expect(read(text, undefined, country)).toBe('country-needed');
    },
  );

  it('is never bare E.164 when a country was chosen', () => {
    expect(read('14155552671', 'GB')).toBe('not-in-country');
    expect(read('447400123456', 'US', 'GB')).toBe('not-in-country');
  });

  it('prefers the chosen country to the default country', () => {
    expect(read('7400 123456', 'GB', 'US')).toBe('+447400123456');
    expect(read('415 555 2671', 'US', 'GB')).toBe('+14155552671');
  });

  it('is of the chosen country, and not of one with the same calling code', () => {
    expect(read('416 555 0123', 'US')).toBe('not-in-country');
    expect(read('876 555 0123', 'US')).toBe('not-in-country');
    expect(read('416 555 0123', 'CA')).toBe('+14165550123');
    expect(read('8 701 123 45 67', 'RU')).toBe('not-in-country');
    expect(read('8 701 123 45 67', 'KZ')).toBe('+77011234567');
    // Guadeloupe, Saint Barthélemy and Saint Martin have one numbering plan.
    expect(read('0690 00 12 34', 'MF')).toBe('+590690001234');
  });
});

describe('exit codes', () => {
  it.each([
    ['US', '011'],
    ['AU', '0011'],
    ['AU', '0014'],
    ['KE', '000'],
    ['TZ', '000'],
    ['UG', '000'],
    ['NG', '009'],
    ['HK', '001'],
    ['KR', '001'],
    ['KR', '002'],
    ['KR', '00700'],
    ['SG', '001'],
    ['SG', '018'],
    ['TH', '001'],
    ['TH', '009'],
    ['BR', '0014'],
    ['BR', '0021'],
    ['BR', '0031'],
    ['CO', '009'],
    ['ID', '008'],
    ['IL', '012'],
    ['JP', '010'],
    ['RU', '810'],
    ['RU', '8~10'],
    ['RU', '8-10'],
    ['TW', '002'],
    ['CU', '119'],
    ['FI', '990'],
  ])('of %s: %s', (country, exitCode) => {
    for (const number of ['44 7400 123456', '1 415 555 2671']) {
      const e164 = `+${number.replaceAll(' ', '')}`;
      expect([number, read(`${exitCode} ${number}`, country)]).toEqual([number, e164]);
      expect([number, read(`${exitCode} ${number}`, undefined, country)]).toEqual([number, e164]);
    }
    expect(read(`${exitCode}447400123456`, country)).toBe('+447400123456');
    expect(read(`${exitCode}447400123456`, undefined, country)).toBe('+447400123456');
  });

  it.each(['US', 'AU', 'KE', 'NG', 'HK', 'BR', 'JP', 'RU', 'DE'])('00 is understood in %s too', (country) => {
    expect(read('00 44 7400 123456', country)).toBe('+447400123456');
    expect(read('0044 7400 123456', country)).toBe('+447400123456');
  });

  it.each(['HK', 'KR', 'SG', 'TH'])('end where the spaces are: 001 65 9812 3456 in %s', (country) => {
    const isSingapore = country === 'SG';
    expect(read('001 65 9812 3456', country)).toBe('+6598123456');
    expect(read('001-65-9812-3456', country)).toBe('+6598123456');
    expect(read('00 1 659 812 3456', country)).toBe(isSingapore ? 'two-readings' : '+16598123456');
    expect(read('001 659 812 3456', country)).toBe(isSingapore ? 'two-readings' : '+16598123456');
    // It could be Singapore after 001, or Alabama after 00.
    expect(read('0016598123456', country)).toBe(isSingapore ? '+6598123456' : 'two-readings');
    // Timor-Leste after 001, or the Northern Mariana Islands after 00.
    expect(read('001 670 234 5678', country)).toBe('two-readings');
  });

  it.each([
    ['BR', '0055 62 91234 5678', '+5562912345678'],
    ['BR', '00 55 11 91234 5678', '+5511912345678'],
    ['HK', '00 852 9812 3456', '+85298123456'],
    ['HK', '0085298123456', '+85298123456'],
    ['NG', '00 234 802 123 4567', '+2348021234567'],
  ])('in front of a number of %s itself: %s', (country, text, e164) => {
    expect(read(text, country)).toBe(e164);
  });

  it('are refused where the digits are a number of India after 00, and one of Florida after 009', () => {
    expect(read('00919412345678', 'NG')).toBe('two-readings');
    expect(read('00919412345678', undefined, 'NG')).toBe('country-needed');
    expect(read('0091 94123 45678', 'NG')).toBe('+919412345678');
    expect(read('00 91 94123 45678', 'NG')).toBe('+919412345678');
    expect(read('009 1 941 234 5678', 'NG')).toBe('+19412345678');
  });

  it('are those of the chosen country only', () => {
    expect(read('011 44 7400 123456')).toBe('country-needed');
    expect(read('0011 44 7400 123456', 'DE')).toBe('not-in-country');
    expect(read('009 44 7400 123456', 'US')).toBe('not-in-country');
  });
});

describe('numbers as phones still store them', () => {
  it.each([
    ['+52 1 55 1234 5678', undefined],
    ['00 52 1 55 1234 5678', undefined],
    ['+52 044 55 1234 5678', undefined],
    ['5215512345678', undefined],
    ['1 55 1234 5678', 'MX'],
    ['01 55 1234 5678', 'MX'],
    ['044 55 1234 5678', 'MX'],
    ['045 55 1234 5678', 'MX'],
    ['55 1234 5678', 'MX'],
  ])('Mexico: what was dialled in front is left out of %s', (text, country) => {
    expect(read(text, country)).toBe('+525512345678');
  });

  it.each([
    ['changed-mx', '+52 1 55 1234 567', undefined, 'no-number'],
    ['changed-br', '+55 11 8765 4321', 'BR'],
    ['changed-br', '(11) 8765-4321', 'BR'],
    ['changed-br', '0 15 11 8765 4321', 'BR'],
    ['changed-br', '00 55 11 8765 4321', 'BR'],
    ['changed-ci', '+225 07 08 09 10', undefined],
    ['changed-ci', '07 08 09 10', 'CI'],
    ['changed-bj', '+229 97 12 34 56', undefined],
    ['changed-bj', '97 12 34 56', 'BJ'],
    ['changed-cm', '+237 71 23 45 67', undefined],
    ['changed-vn', '0168 123 4567', 'VN'],
    ['changed-vn', '+84 168 123 4567', undefined],
  ])('%s: nothing is guessed for %s', (defect, text, country, expected = defect) => {
    expect(read(text, country)).toBe(expected);
  });

  it('says so for the default country too', () => {
    expect(read('(11) 8765-4321', undefined, 'BR')).toBe('changed-br');
  });

  it('Argentina: without the 9 it is a landline, and the refusal of a text message says why', () => {
    const { phone } = PhoneNumber.read('+54 11 2345 6789');
    expect([phone!.e164, phone!.defectFor('sms'), phone!.defectFor('voice')]).toEqual([
      '+541123456789',
      'changed-ar',
      null,
    ]);
    expect(read('+54 9 11 2345 6789')).toBe('+5491123456789');
    expect(read('011 15 2345 6789', 'AR')).toBe('+5491123456789');
  });

  it('every number in the words of a refusal can be typed as it stands there', () => {
    const messages = JSON.parse(readFileSync('messages/en.json', 'utf8')) as Record<string, string>;
    const examples = Object.entries(messages)
      .filter(([key]) => key.startsWith('field.any.'))
      .flatMap(([key, text]) => [...text.matchAll(/\+[\d ]+\d/g)].map(([number]) => ({ key, number })))
      .filter(({ number }) => number.length > 5);
    expect(examples.length).toBeGreaterThan(7);
    for (const { key, number } of examples) {
      const { phone } = PhoneNumber.read(number);
      expect([key, phone?.canReceive('sms')]).toEqual([key, true]);
    }
  });
});
