import type { PublicStatus } from '../../verification/index.js';

/** What the history is narrowed to; every field is optional, and all of them count. */
export interface HistoryFilter {
  from?: Date;
  to?: Date;
  status?: PublicStatus;
  country?: string;
  channel?: string;
  purpose?: string;
  user?: string;
  /** Fingerprints of a number, under every key. */
  fingerprints?: Buffer[];
  requestId?: string;
  providerRequestId?: string;
  /** As `addressBucket` has it. */
  address?: string;
  reason?: string;
}

/** Clocks of instances may differ by this much from the database's; ids are made by theirs. */
const SKEW_MS = 3_600_000;
/** The first, or the last, id that could have been made at a moment (UUID v7). */
export function idAt(moment: Date, end: 'first' | 'last'): string {
  const ms = Math.max(0, Math.min(moment.getTime(), 2 ** 48 - 1));
  const hex = ms.toString(16).padStart(12, '0');
  const rest = end === 'first' ? '7000-8000-000000000000' : '7fff-bfff-ffffffffffff';
  return `${hex.slice(0, 8)}-${hex.slice(8)}-${rest}`;
}

/** The lowest id that a row of this moment or later can have, whichever instance made it. */
export const firstIdOf = (moment: Date): string => idAt(new Date(moment.getTime() - SKEW_MS), 'first');
/** The highest id that a row from before this moment can have, whichever instance made it. */
export const lastIdOf = (moment: Date): string => idAt(new Date(moment.getTime() + SKEW_MS), 'last');

/** Collects values as `$1, $2, …`. */
export class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/**
 * Branches to look in, each with what has to hold of the request `r` (and of its event `e`); a request is found by one of
 * them only. Whatever decides on how a request ended is looked up in its events, which have indexes for it.
 * @param liveSeconds how old a request can be that is not over
 */
export function branchesOf(
  filter: HistoryFilter,
  parameters: Parameters,
  liveSeconds: number,
): { events: boolean; where: string }[] {
  const common = conditionsOf(filter, parameters);
  const byReason = filter.reason !== undefined;
  const byEvent = filter.reason === undefined ? [] : [`e.reason = ${parameters.add(filter.reason)}`];
  const live = `r.status IN ('SENDING', 'PENDING') AND r.created_at > now() - ${liveSeconds} * interval '1 second'`;
  const and = (...conditions: string[]) => [...common, ...conditions].join(' AND ') || 'true';
  const unlessByEvent = (where: string) => ({
    events: byReason,
    where: and(...byEvent, where),
  });

  switch (filter.status) {
    case undefined:
      return [{ events: byReason, where: and(...byEvent) }];
    case 'PENDING':
      return [unlessByEvent(`${live} AND r.expires_at > clock_timestamp()`)];
    case 'EXPIRED':
      // Nobody may have written down yet that its time is up.
      return !byReason
        ? [
            { events: true, where: and(endsIn(`'EXPIRED'`)) },
            { events: false, where: and(`${live} AND r.expires_at <= clock_timestamp()`) },
          ]
        : [unlessByEvent(`(r.status = 'EXPIRED' OR ${live} AND r.expires_at <= clock_timestamp())`)];
    default: {
      const status = parameters.add(filter.status);
      return !byReason
        ? [{ events: true, where: and(endsIn(`${status}::text`)) }]
        : [unlessByEvent(`r.status = ${status}`)];
    }
  }
}

/** The words of the partial index `otp_verification_events_ends`. */
const endsIn = (status: string) => `
  e.to_status = ${status} AND e.from_status IS DISTINCT FROM e.to_status
  AND e.to_status IN ('VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED')`;

function conditionsOf(filter: HistoryFilter, parameters: Parameters): string[] {
  const { from, to, country, channel, purpose, user, fingerprints, requestId, providerRequestId, address } =
    filter;
  const is = (column: string, value: unknown) =>
    value === undefined ? [] : [`${column} = ${parameters.add(value)}`];
  return [
    ...(from
      ? [`r.created_at >= ${parameters.add(from)}`, `r.id >= ${parameters.add(firstIdOf(from))}`]
      : []),
    ...(to ? [`r.created_at < ${parameters.add(to)}`, `r.id <= ${parameters.add(lastIdOf(to))}`] : []),
    ...is('r.phone_country', country),
    ...is('r.channel', channel),
    ...is('r.purpose', purpose),
    ...is('r.user_id', user),
    ...is('r.id', requestId),
    ...is('r.caller_address', address),
    ...(providerRequestId === undefined
      ? []
      : [
          // Two events may be about one message.
          `r.id IN (SELECT p.request_id FROM otp_verification_events p
                     WHERE p.provider_request_id = ${parameters.add(providerRequestId)})`,
        ]),
    ...(fingerprints ? [`r.phone_fingerprint = ANY(${parameters.add(fingerprints)}::bytea[])`] : []),
  ];
}
