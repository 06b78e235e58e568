import { V1_LOCALES, V2_LOCALES } from '../provider/vonage/locales.js';
import { messageLocale } from './message-locale.js';

describe('the language of a message', () => {
  it.each([
    ['de', 'de-de'],
    ['de-AT', 'de-de'],
    ['fr', 'fr-fr'],
    ['fr-CH', 'fr-fr'],
    ['es', 'es-es'],
    ['es-419', 'es-mx'],
    ['es-AR', 'es-mx'],
    ['es-US', 'es-us'],
    ['en', 'en-us'],
    ['en_US', 'en-us'],
    ['EN-us', 'en-us'],
    ['en-GB', 'en-gb'],
    ['en-NZ', 'en-gb'],
    ['pt', 'pt-br'],
    ['pt-AO', 'pt-pt'],
    ['ru-RU', 'ru-ru'],
    ['de-Latn-DE-u-co-phonebk', 'de-de'],
  ])('%s: the nearest of Verify v2 is %s', (wanted, expected) => {
    expect(messageLocale([wanted], 'JP', V2_LOCALES)).toBe(expected);
  });

  it.each([
    ['ja', 'ja-jp'],
    ['zh', 'zh-cn'],
    ['zh-Hans-CN', 'zh-cn'],
    ['zh-Hant', 'zh-tw'],
    ['zh-HK', 'zh-tw'],
    ['yue', 'yue-cn'],
    ['no', 'nb-no'],
    ['nn-NO', 'nb-no'],
    ['et', 'ee-et'],
    ['sl', 'sl-si'],
    ['sk', 'sk-sk'],
    ['tl', 'fil-ph'],
    ['ar-EG', 'ar-xa'],
    ['cy', 'cy-gb'],
    ['fr-CA', 'fr-ca'],
    ['en-IN', 'en-in'],
  ])('%s: the nearest of Verify v1 is %s', (wanted, expected) => {
    expect(messageLocale([wanted], 'US', V1_LOCALES)).toBe(expected);
  });

  it.each([...V1_LOCALES])('every locale is its own nearest: %s', (locale) => {
    expect(messageLocale([locale], 'US', V1_LOCALES)).toBe(locale);
  });

  it('is that of the first preferred language that the provider has', () => {
    expect(messageLocale(['tlh', 'fi', 'it-CH', 'de'], 'US', V2_LOCALES)).toBe('it-it');
  });

  it.each([[[]], [['tlh']], [['xx-yy']], [['C.UTF-8']], [['*']], [['']], [['x'.repeat(5000)]]])(
    'is the usual one of the number’s country for %j',
    (wanted) => {
      expect(messageLocale(wanted, 'CH', V2_LOCALES)).toBe('de-de');
      expect(messageLocale(wanted, 'MX', V2_LOCALES)).toBe('es-mx');
      expect(messageLocale(wanted, 'GB', V2_LOCALES)).toBe('en-gb');
    },
  );

  it('is left to the provider where it has neither', () => {
    expect(messageLocale(['ja'], 'KE', V2_LOCALES)).toBeUndefined();
    expect(messageLocale(['de'], 'DE', [])).toBeUndefined();
  });
});
