import { Inject, Injectable, Logger } from '@nestjs/common';
import { PersonalDataCipher } from '../crypto/index.js';
import { StatementRunner, statement } from '../database/statement.js';
import { PhoneNumber } from '../verification/index.js';
import { DestinationLists } from './destination-lists.js';
import { PROTECTION_OPTIONS, type ResolvedProtection } from './protection.options.js';
import { prefixKey } from './rules/counter-keys.js';

/** Requests that one line of the log names. */
const MOST_NAMED = 10;

/** A destination whose codes too few people type in. */
interface PoorDestination {
  /** Null for a prefix. */
  country: string | null;
  /** One of the requests to a prefix. */
  id: string;
  phoneNumber: string | null;
  started: number;
  verified: number;
}

/** A destination that gets no messages because too few of its codes are entered. */
export interface Stop {
  scope: 'prefix' | 'country';
  /** Six digits, or a country's code. */
  label: string;
  started: number;
  verified: number;
}

/**
 * Prefixes and countries that are stopped automatically, because too few of the codes sent there are entered. A few
 * callers cannot cause it: a network counts once in five minutes, and many networks and sessions are needed. Stops never
 * apply to signed-in users.
 */
@Injectable()
export class DestinationStops {
  private readonly logger = new Logger(DestinationStops.name);
  /** Requests of the last round whose number could not be opened. Each is logged once. */
  private unreadable: string[] = [];

  constructor(
    private readonly statements: StatementRunner,
    private readonly lists: DestinationLists,
    private readonly cipher: PersonalDataCipher,
    @Inject(PROTECTION_OPTIONS) private readonly options: ResolvedProtection,
  ) {}

  /** Lifts stops whose share has recovered, and makes new ones. @returns the new ones */
  async watch(): Promise<Stop[]> {
    const { conversion } = this.options;
    if (!conversion) return [];
    const { stopSeconds, ...parameters } = conversion;
    const recovered = await this.statements.all(LIFT_RECOVERED, parameters);
    for (const { scope, label } of recovered)
      this.logger.log({ scope, label }, 'destination resumed: its share recovered');
    const stopped: Stop[] = [];
    const unreadable: string[] = [];
    for (const destination of await this.statements.all(FIND_POOR_DESTINATIONS, parameters)) {
      const stop = this.stopOf(destination, unreadable);
      if (stop && (await this.write(stop, stopSeconds))) stopped.push(stop);
    }
    this.warnOfUnreadable(unreadable);
    for (const stop of stopped)
      this.logger.warn(stop, 'destination stopped: too few codes are typed in there');
    if (recovered.length + stopped.length > 0) this.lists.invalidate();
    return stopped;
  }

  /** @returns null without a number: it was erased, or its key is missing, and then its request is added to `unreadable` */
  private stopOf(
    { country, id, phoneNumber, started, verified }: PoorDestination,
    unreadable: string[],
  ): Stop | null {
    if (country !== null) return { scope: 'country', label: country, started, verified };
    // Erased meanwhile. Another request of its prefix will do next time.
    if (phoneNumber === null) return null;
    try {
      const e164 = this.cipher.open(phoneNumber, 'verification_requests.phone_number', id);
      return { scope: 'prefix', label: PhoneNumber.fromE164(e164).prefix, started, verified };
    } catch {
      unreadable.push(id);
      return null;
    }
  }

  private warnOfUnreadable(unreadable: string[]): void {
    const requests = unreadable.filter((id) => !this.unreadable.includes(id));
    this.unreadable = unreadable;
    if (requests.length > 0)
      this.logger.warn(
        { requests: requests.slice(0, MOST_NAMED), count: requests.length },
        'prefixes were not examined: their numbers cannot be opened, is a key missing?',
      );
  }

  /** @returns false when another instance was first */
  private async write(stop: Stop, stopSeconds: number): Promise<boolean> {
    const key = stop.scope === 'country' ? Buffer.from(stop.label) : prefixKey(this.cipher, stop.label);
    return (await this.statements.all(WRITE_STOP, { ...stop, key, stopSeconds })).length > 0;
  }
}

interface Share {
  floor: number;
  minimum: number;
  minimumCallers: number;
  windowSeconds: number;
  ageSeconds: number;
}

/**
 * Prefixes first: a country stops only for starts to prefixes that do not stop themselves. The starts behind a stop that
 * was lifted or is over do not stop the destination again.
 */
export const FIND_POOR_DESTINATIONS = statement<Share, PoorDestination>(
  'find-poor-destinations',
  `
  WITH votes AS (
    SELECT r.phone_country, r.prefix_fingerprint, network(set_masklen(r.caller_address::inet, n.bits)) AS network,
           floor(extract(epoch FROM r.created_at) / 300) AS five_minutes, bool_or(r.status = 'VERIFIED') AS is_verified,
           min(encode(r.caller_fingerprint, 'hex')) AS session,
           bool_and(r.created_at > coalesce(c.lifted_at, c.until, '-infinity')) AS is_after_country_stop,
           bool_and(r.created_at > coalesce(p.lifted_at, p.until, '-infinity')) AS is_after_prefix_stop,
           (array_agg(r.id))[1] AS id, (array_agg(r.phone_number))[1] AS phone_number
      FROM otp_verification_requests r
      CROSS JOIN LATERAL (SELECT CASE family(r.caller_address::inet) WHEN 4 THEN 24 ELSE 48 END AS bits) n
      LEFT JOIN otp_destination_stops c ON c.scope = 'country' AND c.label = r.phone_country
      LEFT JOIN otp_destination_stops p ON p.scope = 'prefix' AND p.key = substring(r.prefix_fingerprint FROM 1 FOR 15)
     WHERE r.created_at > now() - make_interval(secs => :windowSeconds)
       AND r.created_at <= now() - make_interval(secs => :ageSeconds)
       AND r.user_id IS NULL AND r.caller_address IS NOT NULL
       AND r.provider_request_id IS NOT NULL AND r.prefix_fingerprint IS NOT NULL
     GROUP BY 1, 2, 3, 4),
  prefixes AS (
    SELECT prefix_fingerprint, (array_agg(id ORDER BY id DESC))[1] AS id, (array_agg(phone_number ORDER BY id DESC))[1] AS phone_number,
           count(*)::int AS started, count(*) FILTER (WHERE is_verified)::int AS verified
      FROM votes WHERE is_after_prefix_stop GROUP BY prefix_fingerprint
    HAVING count(*) >= :minimum::int AND count(*) FILTER (WHERE is_verified) < :floor::float8 * count(*)
       AND count(DISTINCT network) >= :minimumCallers::int AND count(DISTINCT session) >= :minimumCallers)
  SELECT NULL AS country, id, phone_number, started, verified FROM prefixes
  UNION ALL
  SELECT v.phone_country, NULL::uuid, NULL, count(*)::int, count(*) FILTER (WHERE v.is_verified)::int
    FROM votes v
   WHERE v.is_after_country_stop AND v.is_after_prefix_stop
     AND NOT EXISTS (SELECT 1 FROM prefixes p WHERE p.prefix_fingerprint = v.prefix_fingerprint)
   GROUP BY v.phone_country
  HAVING count(*) >= :minimum AND count(*) FILTER (WHERE v.is_verified) < :floor * count(*)
     AND count(DISTINCT v.network) >= :minimumCallers AND count(DISTINCT v.session) >= :minimumCallers`,
);

export const LIFT_RECOVERED = statement<
  Pick<Share, 'floor' | 'windowSeconds'>,
  Pick<Stop, 'scope' | 'label'>
>(
  'lift-recovered-stops',
  `
  UPDATE otp_destination_stops s SET lifted_at = clock_timestamp()
   WHERE s.lifted_at IS NULL AND s.until > clock_timestamp()
     AND (SELECT count(*) > 0 AND count(*) FILTER (WHERE r.status = 'VERIFIED') >= :floor::float8 * count(*)
            FROM otp_verification_requests r
           WHERE r.created_at > now() - make_interval(secs => :windowSeconds) AND r.provider_request_id IS NOT NULL
             AND r.user_id IS NULL
             AND CASE s.scope WHEN 'country' THEN r.phone_country = s.label
                              ELSE substring(r.prefix_fingerprint FROM 1 FOR 15) = s.key END)
  RETURNING s.scope, s.label`,
);

export const WRITE_STOP = statement<Stop & { key: Buffer; stopSeconds: number }, { scope: string }>(
  'write-stop',
  `
  INSERT INTO otp_destination_stops AS s (scope, key, label, started, verified, stopped_at, until)
  VALUES (:scope, :key, :label, :started, :verified, clock_timestamp(), clock_timestamp() + make_interval(secs => :stopSeconds))
  ON CONFLICT (scope, key) DO UPDATE
     SET started = excluded.started, verified = excluded.verified, stopped_at = excluded.stopped_at,
         until = excluded.until, lifted_at = NULL
   WHERE s.lifted_at IS NOT NULL OR s.until <= clock_timestamp()
  RETURNING scope`,
);
