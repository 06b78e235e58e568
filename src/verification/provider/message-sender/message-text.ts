import type { ViewRenderer } from '../../../http/index.js';
import type { Channel } from '../../domain/phone-number.js';

/** What a text can be made of. */
export interface MessageParts {
  code: string;
  /** Empty where none is configured. */
  brand: string;
  /** One of the available languages. */
  locale: string;
  channel: Channel;
  /** How long the code is accepted. */
  minutes: number;
}

/** The words of the messages that are sent with a `MessageSender`. */
export interface MessageTextOptions {
  /**
   * The name that people know you by; shown in the text.
   * @default none
   */
  brand?: string;
  /**
   * The host name of your site, such as `shop.example`. Phones then offer to fill in the code there and nowhere else
   * (WebOTP): the text gets a last line `@shop.example #123456`.
   * @default none
   */
  domain?: string;
  /**
   * Writes the text, last line included.
   * @default the messages `message.sms` and `message.voice` of the catalogue
   */
  text?: (parts: MessageParts) => string;
  /**
   * The languages that `text` has.
   * @default the languages in which the catalogue has `message.sms`
   */
  locales?: readonly string[];
}

const FALLBACK = 'en';

/** Writes the texts of messages. */
export class MessageText {
  readonly locales: readonly string[];

  constructor(
    private readonly options: MessageTextOptions,
    private readonly renderer: ViewRenderer,
  ) {
    const wordsIn = (locale: string) => renderer.text(locale, 'message.sms', { count: 5 });
    // A catalogue without this message falls back to English, which does not count as another language.
    const isTranslated = (locale: string) => locale === FALLBACK || wordsIn(locale) !== wordsIn(FALLBACK);
    this.locales = options.locales ?? renderer.locales.filter(isTranslated);
  }

  write(given: Omit<MessageParts, 'brand' | 'locale'> & { brand?: string; locale?: string }): string {
    const { brand = this.options.brand ?? '', channel } = given;
    const parts: MessageParts = { ...given, brand, locale: this.localeOf(given.locale) };
    if (this.options.text) return this.options.text(parts);
    const key = `message.${channel}${brand ? '' : '.unbranded'}`;
    // Read aloud digit by digit.
    const code = channel === 'voice' ? [...parts.code].join(', ') : parts.code;
    const text = this.renderer.text(parts.locale, key, { code, brand, count: parts.minutes });
    const { domain } = this.options;
    return domain && channel === 'sms' ? `${text}\n\n@${domain} #${parts.code}` : text;
  }

  localeOf(asked: string | undefined): string {
    return asked ?? this.locales[0] ?? FALLBACK;
  }
}
