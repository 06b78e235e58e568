import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { money, OFF, onOff, option, orOff, text, whole, windows } from './values.js';

const MODES = ['off', 'record', 'enforce'] as const;
type Mode = (typeof MODES)[number];
const isMode = (text: string | undefined): text is Mode => MODES.includes(text as Mode);

const HOUR = 3600;
const DAY = 86_400;

/** `conversion:record,user-limit:off`; whether there are such rules is for the protection to say. */
const ruleModes = text.transform((value, context): Record<string, Mode> => {
  const pairs = value.split(',').map((pair) => pair.trim().split(':', 2));
  if (pairs.every(([rule, mode]) => /^[a-z-]+$/.test(rule!) && isMode(mode)))
    return Object.fromEntries(pairs) as Record<string, Mode>;
  context.addIssue('"<rule>:<off, record or enforce>", several separated by commas');
  return z.NEVER;
});

/** `*:0.08,US:0.0079`. */
const prices = text.transform((value, context): Record<string, number> => {
  const pairs = value.split(',').map((pair) => pair.trim().split(':', 2));
  if (
    pairs.every(
      ([country, price]) =>
        (country === '*' || isSupportedCountry(country!)) && /^\d{1,5}(\.\d{1,4})?$/.test(price ?? ''),
    )
  )
    return Object.fromEntries(pairs.map(([country, price]) => [country!, Number(price)]));
  context.addIssue(
    '"<country or *>:<price of a message>", several separated by commas, such as *:0.08,US:0.0079',
  );
  return z.NEVER;
});

/** `20/30`: at least 20 percent of at least 30 starts. */
const conversion = text.transform((value, context): { floor: number; minimum: number } | null => {
  if (OFF.test(value)) return null;
  const match = /^(\d{1,3})\/(\d{1,7})$/.exec(value);
  if (match && Number(match[1]) <= 100 && Number(match[2]) > 0)
    return { floor: Number(match[1]) / 100, minimum: Number(match[2]) };
  context.addIssue('"<percent>/<starts>" such as 20/30, or "off"');
  return z.NEVER;
});

/** Who may cause a message; docs/protection.md has the reasons. */
export const protectionVariables = {
  PROTECTION: option('protection.mode', z.enum(MODES, 'off, record or enforce')),
  RULE_MODES: option('protection.modes', ruleModes),
  ALLOW_VOIP: option('protection.allowVoip', onOff),
  NUMBER_COOLDOWN_SECONDS: option(
    'protection.numberCooldownSeconds',
    orOff(whole(1, DAY, 'seconds, or "off"')),
  ),
  LIMIT_NUMBER: option('protection.number', windows),
  LIMIT_USER: option('protection.user', windows),
  LIMIT_SESSION: option('protection.session', windows),
  LIMIT_ADDRESS: option('protection.address', windows),
  LIMIT_PREFIX_PER_DAY: option('protection.prefixPerDay', orOff(whole(0, 100_000_000, 'messages, or "off"'))),
  LIMIT_COUNTRY_PER_DAY: option(
    'protection.countryPerDay',
    orOff(whole(0, 100_000_000, 'messages, or "off"')),
  ),
  BUDGET_PER_DAY: option('protection.budgetPerDay', money),
  BUDGET_PER_COUNTRY_PER_DAY: option('protection.budgetPerCountryPerDay', money),
  USER_RESERVE_PER_DAY: option('protection.userReservePerDay', whole(0, 1000, 'messages')),
  MESSAGE_PRICES: option('protection.prices', prices),
  CONVERSION: option('protection.conversion', conversion),
  CONVERSION_CALLERS: option(
    'protection.conversion.minimumCallers',
    whole(1, 100_000, 'networks and sessions'),
  ),
  CONVERSION_WINDOW_SECONDS: option('protection.conversion.windowSeconds', whole(60, DAY, 'seconds')),
  CONVERSION_AGE_SECONDS: option('protection.conversion.ageSeconds', whole(0, HOUR, 'seconds')),
  CONVERSION_STOP_SECONDS: option('protection.conversion.stopSeconds', whole(1, 30 * DAY, 'seconds')),
  PROTECTION_WATCH_SECONDS: option(
    'protection.watchEverySeconds',
    orOff(whole(1, HOUR, 'seconds, or "off"')),
  ),
};

/** The administration's. */
export const adminVariables = {
  ADMIN_FRESH_SECONDS: option('admin.freshSeconds', whole(30, 86_400, 'seconds')),
  STATISTICS_EVERY_SECONDS: option('admin.rollUpEverySeconds', orOff(whole(1, HOUR, 'seconds, or "off"'))),
  /** The modules keep everything; the application deletes old rows. */
  RETENTION: onOff
    .default(true)
    .transform((isOn) => (isOn ? {} : null))
    .meta({ option: 'admin.retention' }),
  RETENTION_REQUESTS_DAYS: orOff(whole(1, 36_500, 'days, or "off"'))
    .default(400)
    .meta({ option: 'admin.retention.requestsDays' }),
  RETENTION_DECISIONS_DAYS: orOff(whole(1, 36_500, 'days, or "off"'))
    .default(90)
    .meta({ option: 'admin.retention.decisionsDays' }),
};
