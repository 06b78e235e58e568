const ISO_DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;
// One day inside the years 1 and 9999, so that rounding, time zones and clock skew stay within them.
const FIRST_DATE = new Date('0001-01-02T00:00:00Z');
const LAST_DATE = new Date('9999-12-30T23:59:59Z');

/**
 * Reads a date, or a date and a time, in ISO 8601: what the inputs `date` and `datetime-local` of browsers send, with or
 * without a zone. Without one it is UTC. `Date` alone would also read `1`, `Nov 3` and 30 February, and would use the
 * server's zone.
 * @returns null for everything else, and for dates outside the years 1 to 9999, on which Postgres and ISO 8601 disagree
 */
export function readIsoDate(text: string): Date | null {
  const [iso, year, month, day, zone] = ISO_DATE.exec(text) ?? [];
  if (iso === undefined) return null;
  // Date takes 30 February for 2 March.
  if (new Date(`${year}-${month}-${day}T00:00Z`).getUTCDate() !== Number(day)) return null;
  // A date alone is UTC already.
  const date = new Date(zone === undefined && iso.includes('T') ? `${iso}Z` : iso);
  return date >= FIRST_DATE && date <= LAST_DATE ? date : null;
}
