/** Where the controllers of `TwoFactorModule` are mounted, for links that come from elsewhere. */
export const TWO_FACTOR_PATH = '/two-factor';
/** The page where a user manages factors. */
export const SETTINGS_PATH = `${TWO_FACTOR_PATH}/settings`;
/** Ends the session. */
export const SIGN_OUT_PATH = `${TWO_FACTOR_PATH}/sign-out`;
