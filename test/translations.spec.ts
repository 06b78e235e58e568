import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Catalogue = Record<string, string>;
const read = (file: string) => JSON.parse(readFileSync(join('messages', file), 'utf8')) as Catalogue;

const english = read('en.json');
const languages = ['ar', 'de', 'es', 'fr', 'ja', 'pt-BR', 'zh-Hans'];

/** What administrators see is in English for now. */
const ADMINISTRATION =
  /^(admin|field\.(audit|blocks|erasure|history|interventions|policy|statistics|tokens))\./;
/** Words that are the same in another language. */
const SAME: Record<string, string[]> = {
  de: ['code.label', 'settings.label', 'settings.passkeys', 'host.factor.passkey'],
  fr: ['code.label'],
  es: ['page.error'],
};

const PLURAL = /\.(zero|one|two|few|many|other)$/;
const isPlural = (key: string) => PLURAL.test(key) && `${key.replace(PLURAL, '')}.other` in english;
/** The plural forms of the numbers that people meet. */
const formsOf = (language: string) => {
  const rules = new Intl.PluralRules(language);
  return [...new Set(Array.from({ length: 200 }, (_, count) => rules.select(count)))];
};

/** The keys that a language needs: those of English, with its own plural forms. */
function keysFor(language: string): string[] {
  const keys = Object.keys(english).filter((key) => !ADMINISTRATION.test(key));
  return keys.flatMap((key) => {
    if (!isPlural(key)) return [key];
    if (!key.endsWith('.other')) return [];
    return formsOf(language).map((form) => key.replace(PLURAL, `.${form}`));
  });
}

const englishFor = (key: string) => english[key] ?? english[key.replace(PLURAL, '.other')]!;
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

describe('the languages of the pages', () => {
  it('are these', () => {
    const files = readdirSync('messages').filter((name) => name.endsWith('.json'));
    expect(files.sort()).toEqual(['en', ...languages].map((name) => `${name}.json`).sort());
  });

  it.each(languages)('%s has every message, in each plural form, and no other', (language) => {
    const keys = Object.keys(read(`${language}.json`));
    const wanted = keysFor(language);
    expect({
      missing: wanted.filter((key) => !keys.includes(key)),
      unused: keys.filter((key) => !wanted.includes(key)),
    }).toEqual({ missing: [], unused: [] });
  });

  it.each(languages)('%s has the placeholders of the English text', (language) => {
    const messages = Object.entries(read(`${language}.json`));
    const wrong = messages.filter(
      ([key, text]) => String(placeholders(text)) !== String(placeholders(englishFor(key))),
    );
    expect(wrong).toEqual([]);
  });

  it.each(languages)('%s is translated', (language) => {
    const messages = Object.entries(read(`${language}.json`));
    const same = messages.filter(([key, text]) => text === englishFor(key) || text.trim() === '');
    expect(same.map(([key]) => key)).toEqual(SAME[language] ?? []);
  });

  it.each(languages)('%s keeps commands, formats and addresses as they are', (language) => {
    const constant =
      /TRUST_PROXY|Idempotency-Key|text\/html|application\/[\w-]+|https:\/\/|\/password-reset|\+\d[\d ]+\d/g;
    const messages = Object.entries(read(`${language}.json`));
    const wrong = messages.filter(
      ([key, text]) =>
        String(text.match(constant)?.sort() ?? []) !== String(englishFor(key).match(constant)?.sort() ?? []),
    );
    expect(wrong).toEqual([]);
  });

  it.each(languages)('%s keeps the text message within 160 characters', (language) => {
    const messages = read(`${language}.json`);
    const longest = Object.keys(messages).filter((key) => key.startsWith('message.sms.'));
    for (const key of longest) {
      const text = messages[key]!.replace('{code}', '123456').replace('{brand}', 'A brand of 18 char');
      expect([key, text.length <= 160]).toEqual([key, true]);
    }
  });
});

describe('the English messages', () => {
  const sources = ['src', 'views'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|hbs)$/.test(file) && !file.endsWith('.spec.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8')),
  );
  const code = sources.join('\n');
  /** Keys that are put together: `problem.${code}.title`, (concat "twoFactor.code." method). */
  const patterns = [
    ...[...code.matchAll(/`([a-zA-Z]+\.[^`\n]*?\$\{[^`\n]*)`/g)].map(([, template]) =>
      template!
        .split(/\$\{[^}]*\}/)
        .map(escape)
        .join('.+'),
    ),
    ...[...code.matchAll(/concat "([\w.-]+\.)"/g)].map(([, prefix]) => `${escape(prefix!)}.+`),
  ].map((pattern) => new RegExp(`^${pattern}$`));

  it('are all used', () => {
    const keys = Object.keys(english).map((key) => (isPlural(key) ? key.replace(PLURAL, '') : key));
    const unused = keys.filter(
      (key) =>
        // test/field-messages.spec.ts looks at these.
        !key.startsWith('field.') &&
        !code.includes(`'${key}'`) &&
        !code.includes(`"${key}"`) &&
        !patterns.some((pattern) => pattern.test(key)),
    );
    expect([...new Set(unused)]).toEqual([]);
  });

  it('are explained to translators, key by key or in groups', () => {
    const context = read('for-translators/context.json');
    const keys = Object.keys(english).filter((key) => !ADMINISTRATION.test(key));
    const prefixes = Object.keys(context);
    expect(keys.filter((key) => !prefixes.some((prefix) => key.startsWith(prefix)))).toEqual([]);
    expect(prefixes.filter((prefix) => !keys.some((key) => key.startsWith(prefix)))).toEqual([]);
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
