/** What an option has to be. */
export interface OptionKind {
  is: (value: unknown) => boolean;
  /** Completes "must be …". */
  words: string;
}

const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
const isObject = (value: unknown) => typeof value === 'object' && value !== null;

const isWebUrl = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** A text of at least one character. */
export const TEXT: OptionKind = {
  is: (value) => typeof value === 'string' && value.trim() !== '',
  words: 'a text that is not empty',
};
export const FLAG: OptionKind = { is: (value) => typeof value === 'boolean', words: 'true or false' };
export const FUNCTION: OptionKind = { is: (value) => typeof value === 'function', words: 'a function' };
export const OBJECT: OptionKind = {
  is: (value) => isObject(value) && !Array.isArray(value),
  words: 'an object',
};
export const LIST: OptionKind = { is: Array.isArray, words: 'a list' };
/** What another place checks. */
export const ANY: OptionKind = { is: () => true, words: '' };
/** A path or an address of this site, as browsers see it. */
export const PATH_OR_URL: OptionKind = {
  is: (value) => typeof value === 'string' && (/^\/(?![/\\])/.test(value) || isWebUrl(value)),
  words: 'a path that begins with /, or a URL',
};
export const WEB_URL: OptionKind = {
  is: (value) => typeof value === 'string' && isWebUrl(value),
  words: 'a URL that begins with https:// or http://',
};
export const AMOUNT: OptionKind = {
  is: (value) => isNumber(value) && (value as number) >= 0,
  words: 'a number, 0 or more',
};
export const POSITIVE: OptionKind = {
  is: (value) => isNumber(value) && (value as number) > 0,
  words: 'a number above 0',
};

/** The same, or null. */
export const orNull = ({ is, words }: OptionKind): OptionKind => ({
  is: (value) => value === null || is(value),
  words: `${words}, or null`,
});

/** A timer of Node lasts 24 days at most; a longer one is over at once, and with it the counts of a throttle in memory. */
const LONGEST_WINDOW_SECONDS = 24 * 86_400;

/** At most so many calls per window; null for no throttle. */
export const THROTTLE: OptionKind = orNull({
  is: (value) => {
    const { limit, windowSeconds } = Object(value) as Record<string, unknown>;
    return (
      AMOUNT.is(limit) && POSITIVE.is(windowSeconds) && (windowSeconds as number) <= LONGEST_WINDOW_SECONDS
    );
  },
  words: '{ limit, windowSeconds }, with a window of at most 24 days',
});

/** An object with these methods. @param example what one writes for it */
export const having = (methods: readonly string[], example: string): OptionKind => ({
  is: (value) =>
    isObject(value) &&
    methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  words: example,
});

/**
 * Checks the options of a module by name, so that a mistake shows at the start and not at the first request.
 * @param kinds every option that there is
 * @param required those that have no default
 * @throws TypeError that names the option, and what it should be
 */
export function checkOptions<Given extends object>(
  module: string,
  given: Given | undefined,
  kinds: Readonly<Record<keyof Given & string, OptionKind>>,
  required: readonly (keyof Given & string)[] = [],
): void {
  const options = (given ?? {}) as Record<string, unknown>;
  const known = kinds as Record<string, OptionKind>;
  for (const name of Object.keys(options))
    if (!(name in known))
      throw new TypeError(
        `${module}: there is no option ${name}. There are: ${Object.keys(known).join(', ')}`,
      );
  for (const [name, { is, words }] of Object.entries(known)) {
    const value = options[name];
    if (value === undefined && required.includes(name as keyof Given & string))
      throw new TypeError(`${module}: ${name} is missing. It must be ${words}`);
    if (value !== undefined && !is(value)) throw new TypeError(`${module}: ${name} must be ${words}`);
  }
}
