import { Inject } from '@nestjs/common';
import {
  checkOptions,
  FUNCTION,
  OBJECT,
  type OptionKind,
  orNull,
  POSITIVE,
} from '../options/check-options.js';
import { withDefaults, type WithDefaults } from '../options/with-defaults.js';

/** How the administration works in a host. */
export interface AdminModuleOptions {
  /** Whether a signed-in user of the host is an administrator. */
  isAdmin: (userId: string) => boolean | Promise<boolean>;
  /**
   * What users are called in lists and histories, such as their email addresses, by their ids. Without it, or for users
   * that it leaves out, the ids are shown.
   * @default a function that knows no names
   */
  nameOf?: (userIds: readonly string[]) => ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>;
  /**
   * How old an administrator's second factor may be, in seconds.
   * @default 900
   */
  freshSeconds?: number;
  /**
   * About how often every instance brings the statistics up to date, in seconds. Null leaves it to the command.
   * @default 15
   */
  rollUpEverySeconds?: number | null;
  /**
   * How long rows are kept. Null keeps everything.
   * @default null
   */
  retention?: RetentionOptions | null;
}

/** How long rows are kept. */
export interface RetentionOptions {
  /** Requests with their events, in days; null keeps them. */
  requestsDays: number | null;
  /** Decisions, in days; null keeps them. */
  decisionsDays: number | null;
}

/** The defaults of {@link AdminModuleOptions}. */
export const ADMIN_DEFAULTS = {
  nameOf: (): ReadonlyMap<string, string> => new Map(),
  freshSeconds: 900,
  rollUpEverySeconds: 15,
  retention: null,
} as const satisfies Partial<AdminModuleOptions>;

/** Options with every default filled in. */
export type ResolvedAdminOptions = WithDefaults<AdminModuleOptions, typeof ADMIN_DEFAULTS>;

/** Injects {@link ResolvedAdminOptions}. */
export const ADMIN_OPTIONS = Symbol('ADMIN_OPTIONS');
/** A constructor's parameter: the {@link ResolvedAdminOptions}. */
export const InjectAdminOptions = () => Inject(ADMIN_OPTIONS);

const KINDS: Record<keyof AdminModuleOptions, OptionKind> = {
  isAdmin: FUNCTION,
  nameOf: FUNCTION,
  freshSeconds: POSITIVE,
  rollUpEverySeconds: orNull(POSITIVE),
  retention: orNull(OBJECT),
};

/**
 * Fills in the defaults.
 * @throws TypeError naming the option that is wrong
 */
export function resolveAdminOptions(given: AdminModuleOptions): ResolvedAdminOptions {
  checkOptions('AdminModule', given, KINDS, ['isAdmin']);
  return withDefaults(given, ADMIN_DEFAULTS);
}
