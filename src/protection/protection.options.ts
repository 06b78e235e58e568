import type { RuleMode } from '../verification/index.js';

/** At most `limit` messages in any `seconds` seconds. A limit of 0 refuses all. */
export interface LimitWindow {
  limit: number;
  seconds: number;
}

/** Every rule by name, in the order in which they are asked: the first one that refuses decides. */
export const RULES = [
  'number-type',
  'country',
  'block-list',
  'prefix-conversion',
  'country-conversion',
  'number-cooldown',
  'number-limit',
  'user-limit',
  'session-limit',
  'address-limit',
  'prefix-limit',
  'country-limit',
  'budget',
  'country-budget',
] as const;
/** The name of a rule of `ProtectionModule`. */
export type RuleName = (typeof RULES)[number];

/** A destination stops by itself when too few of those who got a code there type it in: nobody is there, or nobody wants to be. */
export interface ConversionOptions {
  /** The least share of verified starts, from 0 to 1. */
  floor: number;
  /** Fewer starts than this say nothing. */
  minimum: number;
  /** So many distinct networks and sessions are needed, so that a few callers cannot stop a destination. */
  minimumCallers: number;
  /** How far back is looked, in seconds. */
  windowSeconds: number;
  /** Younger starts may still be verified, and are left out. */
  ageSeconds: number;
  /** How long it stays stopped, unless somebody lifts it. */
  stopSeconds: number;
}

/** What is left out keeps its default, null lifts the limit. Docs and reasons: docs/protection.md. */
export interface ProtectionOptions {
  /**
   * Of every rule that {@link modes} does not name. Defaults to `enforce`. Does not apply to what somebody has said outright:
   * number types, countries and the block list.
   */
  mode?: RuleMode;
  modes?: Readonly<Partial<Record<string, RuleMode>>>;

  /** Whether numbers of internet telephony get messages. Defaults to true. */
  allowVoip?: boolean;
  /** Between two messages to a number, in seconds. */
  numberCooldownSeconds?: number | null;
  number?: readonly LimitWindow[] | null;
  user?: readonly LimitWindow[] | null;
  session?: readonly LimitWindow[] | null;
  /** Of an IPv4 address or an IPv6 /64. */
  address?: readonly LimitWindow[] | null;
  /** Messages a day (UTC) to the numbers that share their first six digits. */
  prefixPerDay?: number | null;
  countryPerDay?: number | null;
  /** Money a day (UTC), in the provider's currency. */
  budgetPerDay?: number | null;
  budgetPerCountryPerDay?: number | null;
  /**
   * Messages that each user's confirmed factors have a day outside the budgets. Only what goes beyond them draws on the
   * budgets; 0 for none.
   * @default 3
   */
  userReservePerDay?: number;
  /** Of one message, by country, `*` for all others; what the provider charged lately comes before it. */
  prices?: Readonly<Record<string, number>>;
  conversion?: ConversionOptions | null;
  /** How often every instance looks at shares and prices, about. Defaults to 10; null for never (then call `runOnce` yourself). */
  watchEverySeconds?: number | null;
}

const HOUR = 3600;
const DAY = 86_400;

/** As in docs/protection.md, with the reasons there. */
export const DEFAULT_PROTECTION_OPTIONS = {
  mode: 'enforce',
  modes: {},
  allowVoip: true,
  numberCooldownSeconds: 30,
  number: [
    { limit: 5, seconds: HOUR },
    { limit: 10, seconds: DAY },
  ],
  user: [{ limit: 10, seconds: DAY }],
  session: [{ limit: 3, seconds: 600 }],
  address: [{ limit: 20, seconds: HOUR }],
  prefixPerDay: 100,
  countryPerDay: 1000,
  budgetPerDay: 100,
  budgetPerCountryPerDay: 50,
  userReservePerDay: 3,
  prices: { '*': 0.08 },
  conversion: {
    floor: 0.2,
    minimum: 30,
    minimumCallers: 20,
    windowSeconds: HOUR,
    ageSeconds: 120,
    stopSeconds: HOUR,
  },
  watchEverySeconds: 10,
} as const satisfies Required<ProtectionOptions>;

export type ResolvedProtection = Required<ProtectionOptions>;

/** The module's options as the host gave them. */
export const PROTECTION_OPTIONS = Symbol('PROTECTION_OPTIONS');
/** The same with every default filled in. */
export const RESOLVED_PROTECTION = Symbol('RESOLVED_PROTECTION');

/** @throws RangeError naming the option that is out of range */
export function resolveProtection(given: ProtectionOptions = {}): ResolvedProtection {
  const told = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: ResolvedProtection = { ...DEFAULT_PROTECTION_OPTIONS, ...told };
  const unknown = Object.keys(options.modes).filter((rule) => !RULES.includes(rule as RuleName));
  if (unknown.length > 0)
    throw new RangeError(
      `protection.modes: there is no rule ${unknown.join(', ')}; there are ${RULES.join(', ')}`,
    );
  for (const name of ['number', 'user', 'session', 'address'] as const) {
    const windows = options[name] ?? [];
    if (new Set(windows.map(({ seconds }) => seconds)).size < windows.length)
      throw new RangeError(`protection.${name}: there can be one limit per window`);
    for (const { limit, seconds } of windows) {
      // Every counted message is kept as a moment in one row.
      if (!Number.isInteger(limit) || limit < 0 || limit > MOST_COUNTED)
        throw new RangeError(`protection.${name}: a limit must be a whole number from 0 to ${MOST_COUNTED}`);
      if (!(seconds >= 1 && seconds <= 30 * DAY))
        throw new RangeError(`protection.${name}: a window must be from 1 second to 30 days`);
    }
  }
  return options;
}

const MOST_COUNTED = 1000;
