import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitInWords } from './long-wait.js';

/** The values of a message's `{name}` placeholders. */
export type MessageParameters = Readonly<Record<string, string | number>>;

const FALLBACK_LOCALE = 'en';

/**
 * All messages that people read: one JSON file per language (`messages/en.json`) with flat keys. `{name}` is replaced by
 * a parameter. The parameter `count` selects a plural form of the key, such as `.one` or `.other` (CLDR), and as a number of
 * seconds it is `{wait}` in minutes or hours. Later directories override earlier ones key by key, so a host replaces only the
 * messages it wants to change.
 */
export class Messages {
  private readonly catalogues = new Map<string, Record<string, string>>();

  constructor(directories: readonly string[]) {
    for (const directory of directories) {
      for (const file of readdirSync(directory).filter((name) => name.endsWith('.json'))) {
        const locale = file.slice(0, -'.json'.length);
        const messages = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Record<string, string>;
        this.catalogues.set(locale, { ...this.catalogues.get(locale), ...messages });
      }
    }
  }

  /** The available languages, the fallback first. */
  get locales(): string[] {
    return [FALLBACK_LOCALE, ...[...this.catalogues.keys()].filter((locale) => locale !== FALLBACK_LOCALE)];
  }

  /** @returns the key itself when there is no message for it */
  text(locale: string, key: string, parameters: MessageParameters = {}): string {
    const template = this.find(locale, key, parameters['count']) ?? key;
    return template.replace(/\{(\w+)\}/g, (_, name: string) =>
      name === 'wait' ? waitInWords(locale, Number(parameters['count'])) : String(parameters[name] ?? ''),
    );
  }

  has(key: string): boolean {
    return (
      this.find(FALLBACK_LOCALE, key, 1) !== undefined || this.find(FALLBACK_LOCALE, key, 2) !== undefined
    );
  }

  private find(locale: string, key: string, count: unknown): string | undefined {
    for (const candidate of [locale, FALLBACK_LOCALE]) {
      const messages = this.catalogues.get(candidate);
      const form = typeof count === 'number' ? new Intl.PluralRules(candidate).select(count) : undefined;
      const forms = form ? [`${key}.${form}`, `${key}.other`] : [];
      const found = [...forms, key].map((each) => messages?.[each]).find((each) => each !== undefined);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
