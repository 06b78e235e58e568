import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type MessageParameters = Readonly<Record<string, string | number>>;

const FALLBACK = 'en';

/**
 * All words that people read, one JSON file a language (`messages/en.json`), flat keys. `{name}` is replaced by a
 * parameter; a key may have `.one` and `.other` (and what else CLDR knows) forms, chosen by the parameter `count`.
 * Later directories override earlier ones, key by key: a host replaces only the words it wants to.
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

  /** Languages there are words in, the fallback first. */
  get locales(): string[] {
    return [FALLBACK, ...[...this.catalogues.keys()].filter((locale) => locale !== FALLBACK)];
  }

  /** The key itself when there are no words for it: visible in a test, harmless to a reader. */
  text(locale: string, key: string, parameters: MessageParameters = {}): string {
    const template = this.find(locale, key, parameters['count']) ?? key;
    return template.replace(/\{(\w+)\}/g, (_, name: string) => String(parameters[name] ?? ''));
  }

  has(key: string): boolean {
    return this.find(FALLBACK, key, 1) !== undefined || this.find(FALLBACK, key, 2) !== undefined;
  }

  private find(locale: string, key: string, count: unknown): string | undefined {
    for (const candidate of [locale, FALLBACK]) {
      const messages = this.catalogues.get(candidate);
      const form = typeof count === 'number' ? new Intl.PluralRules(candidate).select(count) : undefined;
      const found = (form && messages?.[`${key}.${form}`]) ?? messages?.[key];
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
