import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { rowsOf } from '../database/sql.js';
import { PersonalDataCipher } from '../database/personal-data-cipher.js';
import { PhoneNumber } from '../verification/index.js';
import { bucketKey } from './bucket-key.js';
import { RESOLVED_PROTECTION, type ResolvedProtection } from './protection.options.js';

interface Unconvincing {
  country: string | null;
  /** One of its requests, where it is a prefix. */
  id: string;
  phoneNumber: string | null;
  started: number;
  verified: number;
}

export interface Stop {
  scope: 'prefix' | 'country';
  /** Six digits, or a country's code. */
  label: string;
  started: number;
  verified: number;
}

/** Prefixes and countries that stop by themselves, because too few of those who get codes there type them in. */
@Injectable()
export class DestinationStops {
  private readonly logger = new Logger(DestinationStops.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
    @Inject(RESOLVED_PROTECTION) private readonly options: ResolvedProtection,
  ) {}

  /** Looks at the starts of strangers within the window. @returns what has stopped just now */
  async watch(): Promise<Stop[]> {
    const { conversion } = this.options;
    if (!conversion) return [];
    const { windowSeconds, ageSeconds, minimum, floor } = conversion;
    const found = await rowsOf<Unconvincing>(this.dataSource, UNCONVINCING, [
      windowSeconds,
      ageSeconds,
      minimum,
      floor,
    ]);
    const stopped: Stop[] = [];
    for (const row of found) {
      const stop = this.stopOf(row);
      if (stop && (await this.write(stop, conversion.stopSeconds))) stopped.push(stop);
    }
    for (const stop of stopped)
      this.logger.warn(stop, 'a destination stopped by itself: too few verify there');
    return stopped;
  }

  private stopOf({ country, id, phoneNumber, started, verified }: Unconvincing): Stop | null {
    if (country !== null) return { scope: 'country', label: country, started, verified };
    // Erased meanwhile: others of its prefix will do next time.
    if (phoneNumber === null) return null;
    const { prefix } = PhoneNumber.fromE164(
      this.cipher.open(phoneNumber, 'verification_requests.phone_number', id),
    );
    return { scope: 'prefix', label: prefix, started, verified };
  }

  /** @returns false when another instance was first */
  private async write({ scope, label, started, verified }: Stop, seconds: number): Promise<boolean> {
    const key = bucketKey(this.cipher.fingerprint('limit', `${scope} ${label}`));
    const rows = await rowsOf<unknown>(this.dataSource, WRITE, [
      scope,
      key,
      label,
      started,
      verified,
      seconds,
    ]);
    return rows.length > 0;
  }
}

/**
 * Shares of verified starts whose message went out, per country and per prefix. What a lifted or lapsed stop was based on
 * does not stop it again.
 */
const UNCONVINCING = `
  WITH starts AS (
    SELECT r.id, r.phone_country, r.phone_number, r.prefix_fingerprint, r.status = 'VERIFIED' AS verified,
           r.created_at > coalesce(c.lifted_at, c.until, '-infinity') AS after_country,
           r.created_at > coalesce(p.lifted_at, p.until, '-infinity') AS after_prefix
      FROM verification_requests r
      LEFT JOIN destination_stops c ON c.scope = 'country' AND c.label = r.phone_country
      LEFT JOIN destination_stops p ON p.scope = 'prefix' AND p.key = substring(r.prefix_fingerprint FROM 1 FOR 15)
     WHERE r.created_at > now() - make_interval(secs => $1) AND r.created_at <= now() - make_interval(secs => $2)
       AND r.confirmed_for = '' AND r.provider_request_id IS NOT NULL AND r.prefix_fingerprint IS NOT NULL)
  SELECT phone_country AS country, NULL::uuid AS id, NULL AS "phoneNumber",
         count(*)::int AS started, count(*) FILTER (WHERE verified)::int AS verified
    FROM starts WHERE after_country GROUP BY phone_country
  HAVING count(*) >= $3 AND count(*) FILTER (WHERE verified) < $4::float8 * count(*)
  UNION ALL
  SELECT NULL, (array_agg(id ORDER BY id DESC))[1], (array_agg(phone_number ORDER BY id DESC))[1],
         count(*)::int, count(*) FILTER (WHERE verified)::int
    FROM starts WHERE after_prefix GROUP BY prefix_fingerprint
  HAVING count(*) >= $3 AND count(*) FILTER (WHERE verified) < $4::float8 * count(*)`;

const WRITE = `
  INSERT INTO destination_stops AS s (scope, key, label, started, verified, stopped_at, until)
  VALUES ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + make_interval(secs => $6))
  ON CONFLICT (scope, key) DO UPDATE
    SET started = excluded.started, verified = excluded.verified, stopped_at = excluded.stopped_at,
        until = excluded.until, lifted_at = NULL
    WHERE s.lifted_at IS NOT NULL OR s.until <= clock_timestamp()
  RETURNING scope`;
