import type { PageContext } from '../http/index.js';

/** Formats moments as the reader's clock and calendar have them. */
export const momentFormat = ({ locale, timeZone }: PageContext['formatting']): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
