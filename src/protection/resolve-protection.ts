import {
  AMOUNT,
  checkOptions,
  FLAG,
  LIST,
  OBJECT,
  type OptionKind,
  orNull,
  POSITIVE,
} from '../options/check-options.js';
import { withDefaults } from '../options/with-defaults.js';
import { isCountry, type RuleMode } from '../verification/index.js';
import {
  PROTECTION_DEFAULTS,
  type ProtectionOptions,
  type ResolvedProtection,
  type RuleName,
  RULES,
} from './protection.options.js';

const DAY = 86_400;
const MOST_COUNTED = 1000;

const MODES: readonly RuleMode[] = ['off', 'record', 'enforce'];

const KINDS: Record<keyof ProtectionOptions, OptionKind> = {
  mode: { is: (value) => MODES.includes(value as RuleMode), words: MODES.join(', ') },
  modes: OBJECT,
  allowVoip: FLAG,
  numberCooldownSeconds: orNull(AMOUNT),
  number: orNull(LIST),
  user: orNull(LIST),
  session: orNull(LIST),
  address: orNull(LIST),
  prefixPerDay: orNull(AMOUNT),
  countryPerDay: orNull(AMOUNT),
  budgetPerDay: orNull(AMOUNT),
  budgetPerCountryPerDay: orNull(AMOUNT),
  userReservePerDay: AMOUNT,
  prices: OBJECT,
  conversion: orNull(OBJECT),
  watchEverySeconds: orNull(POSITIVE),
};

const isWhole = (value: number, min: number, max: number) =>
  Number.isInteger(value) && value >= min && value <= max;

/**
 * Fills in the defaults.
 * @throws TypeError or RangeError naming the option that is wrong
 */
export function resolveProtection(given: ProtectionOptions = {}): ResolvedProtection {
  checkOptions('ProtectionModule', given, KINDS);
  const options: ResolvedProtection = {
    ...withDefaults(given, PROTECTION_DEFAULTS),
    conversion:
      given.conversion === null ? null : withDefaults(given.conversion, PROTECTION_DEFAULTS.conversion),
  };
  const unknown = Object.keys(options.modes).filter((rule) => !RULES.includes(rule as RuleName));
  if (unknown.length > 0)
    throw new RangeError(
      `protection.modes: there is no rule ${unknown.join(', ')}; there are ${RULES.join(', ')}`,
    );
  const places = Object.keys(options.prices).filter((code) => code !== '*' && !isCountry(code));
  if (places.length > 0)
    throw new RangeError(`protection.prices: there is no country ${places.join(', ')} with phone numbers`);
  for (const name of ['number', 'user', 'session', 'address'] as const) {
    const windows = options[name] ?? [];
    if (new Set(windows.map(({ seconds }) => seconds)).size < windows.length)
      throw new RangeError(`protection.${name}: there can be one limit per window`);
    for (const { limit, seconds } of windows) {
      // Every counted message is kept as a moment in one row.
      if (!isWhole(limit, 0, MOST_COUNTED))
        throw new RangeError(`protection.${name}: a limit must be a whole number from 0 to ${MOST_COUNTED}`);
      if (!isWhole(seconds, 1, 30 * DAY))
        throw new RangeError(
          `protection.${name}: a window must be from 1 second to 30 days, in whole seconds`,
        );
    }
  }
  const { numberCooldownSeconds, userReservePerDay } = options;
  if (numberCooldownSeconds !== null && !isWhole(numberCooldownSeconds, 0, 30 * DAY))
    throw new RangeError(
      'protection.numberCooldownSeconds must be a whole number of seconds, at most 30 days',
    );
  if (!isWhole(userReservePerDay, 0, MOST_COUNTED))
    throw new RangeError(`protection.userReservePerDay must be a whole number from 0 to ${MOST_COUNTED}`);
  return options;
}
