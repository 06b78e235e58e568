import { cookieNames, TRIAL_COOKIE } from './cookies.js';
import { FORM_COOKIES } from './flash.js';
import { LANGUAGE_COOKIE } from './preferred-languages.js';
import { TIME_ZONE_COOKIE } from './time-zone.js';

/** How our routes are reached. */
export interface HttpOptions {
  /**
   * Whether people reach the application over HTTPS only. Our pages then say so (Strict-Transport-Security).
   * @default false
   */
  https?: boolean;
  /**
   * The address at which people reach the application, such as `https://example.com/login`. Its origin can send unsafe
   * requests, also through a proxy that rewrites `Host`. Its path is put before every link of ours, for a proxy that
   * removes it.
   * @default null: the origin is what `Host` says, or the `X-Forwarded-Host` of a trusted proxy, and nothing is put before
   */
  publicUrl?: string | null;
  /**
   * Other origins that can send unsafe requests to our routes, as browsers write them: `https://admin.example.com`.
   * @default []
   */
  trustedOrigins?: readonly string[];
  /**
   * Cookies that grant nothing. A POST without `Origin` and `Sec-Fetch-Site` is rejected when it has any other cookie.
   * @default the cookies of our own pages: `otp-caller`, `otp-cookies`, `otp-flash`, `otp-typed`, `otp-language` and
   * `otp-zone`
   */
  harmlessCookies?: readonly string[];
}

/** Options with every default filled in. */
export type ResolvedHttpOptions = Required<HttpOptions>;

/** The defaults of {@link HttpOptions}. */
export const HTTP_DEFAULTS: ResolvedHttpOptions = {
  https: false,
  publicUrl: null,
  trustedOrigins: [],
  // They only distinguish anonymous browsers: to use a request, its unguessable id is needed as well.
  harmlessCookies: [
    ...['otp-caller', TRIAL_COOKIE, ...FORM_COOKIES, LANGUAGE_COOKIE].flatMap(cookieNames),
    TIME_ZONE_COOKIE,
  ],
};

/** Injects {@link ResolvedHttpOptions}. */
export const HTTP_OPTIONS = Symbol('HTTP_OPTIONS');
