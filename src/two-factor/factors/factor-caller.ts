/** Who shows a factor's code, as far as limits of wrong codes tell callers apart. */
export interface FactorCaller {
  /** The session has shown a second factor before, or came from a browser that the user trusts. */
  isTrusted: boolean;
  /** Names the session. */
  session: string;
  /** As `clientAddress` has it. */
  address: string;
}

/** Of code that names no caller: all such callers are one untrusted session. */
export const UNKNOWN_CALLER: FactorCaller = { isTrusted: false, session: '', address: 'unknown' };
