import { Inject } from '@nestjs/common';
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

/** When a destination is stopped automatically: too few of the people who got a code there entered it. */
export interface ConversionOptions {
  /**
   * The lowest share of verified starts, from 0 to 1.
   * @default 0.2
   */
  floor?: number;
  /**
   * The share counts from this many starts on.
   * @default 30
   */
  minimum?: number;
  /**
   * The share counts from this many distinct networks and sessions on, so that a few callers cannot stop a destination.
   * @default 20
   */
  minimumCallers?: number;
  /**
   * How far back starts count, in seconds.
   * @default 3600
   */
  windowSeconds?: number;
  /**
   * Starts younger than this, in seconds, do not count: they may still be verified.
   * @default 120
   */
  ageSeconds?: number;
  /**
   * How long a destination stays stopped, in seconds, unless somebody lifts the stop.
   * @default 3600
   */
  stopSeconds?: number;
}

/** Limits on messages. Null lifts a limit. docs/protection.md has the reasons. */
export interface ProtectionOptions {
  /**
   * The mode of every rule that {@link modes} does not name. Number types, countries and the block list are always
   * enforced.
   * @default 'enforce'
   */
  mode?: RuleMode;
  /**
   * Modes of single rules by name.
   * @default {}
   */
  modes?: Readonly<Partial<Record<string, RuleMode>>>;
  /**
   * Whether messages go to numbers of internet telephony.
   * @default true
   */
  allowVoip?: boolean;
  /**
   * Seconds between two messages to a number.
   * @default 30
   */
  numberCooldownSeconds?: number | null;
  /**
   * Messages to a number.
   * @default 5 in an hour, 10 in a day
   */
  number?: readonly LimitWindow[] | null;
  /**
   * Messages caused by a signed-in user.
   * @default 10 in a day
   */
  user?: readonly LimitWindow[] | null;
  /**
   * Messages caused by a session or browser.
   * @default 3 in 10 minutes
   */
  session?: readonly LimitWindow[] | null;
  /**
   * Messages caused from an IPv4 address or IPv6 /64.
   * @default 20 in an hour
   */
  address?: readonly LimitWindow[] | null;
  /**
   * Messages a day (UTC) to the numbers that share their first six digits.
   * @default 100
   */
  prefixPerDay?: number | null;
  /**
   * Messages a day (UTC) to a country.
   * @default 1000
   */
  countryPerDay?: number | null;
  /**
   * Money a day (UTC), in the provider's currency.
   * @default 100
   */
  budgetPerDay?: number | null;
  /**
   * The same for each country.
   * @default 50
   */
  budgetPerCountryPerDay?: number | null;
  /**
   * Messages a day that each user's confirmed factors have outside the budgets. Only what goes beyond them draws on the
   * budgets; 0 for none.
   * @default 3
   */
  userReservePerDay?: number;
  /**
   * The price of a message by country, `*` for all others, until the provider has reported its own.
   * @default { '*': 0.08 }
   */
  prices?: Readonly<Record<string, number>>;
  /** Null never stops a destination automatically. */
  conversion?: ConversionOptions | null;
  /**
   * About how often every instance recalculates shares and prices, in seconds. Null leaves it to `runOnce`.
   * @default 10
   */
  watchEverySeconds?: number | null;
}

const HOUR = 3600;
const DAY = 86_400;

/** The defaults of {@link ProtectionOptions}. */
export const PROTECTION_DEFAULTS = {
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

/** Options with every default filled in. */
export interface ResolvedProtection extends Required<ProtectionOptions> {
  conversion: Required<ConversionOptions> | null;
}

/** Injects {@link ResolvedProtection}. */
export const PROTECTION_OPTIONS = Symbol('PROTECTION_OPTIONS');
/** A constructor's parameter: the {@link ResolvedProtection}. */
export const InjectProtectionOptions = () => Inject(PROTECTION_OPTIONS);
