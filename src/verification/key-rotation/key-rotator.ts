import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Not, Repository } from 'typeorm';
import { type OpenOptions, PersonalDataCipher } from '../../database/personal-data-cipher.js';
import { StatementRunner, statement } from '../../database/statement.js';
import { KeyRotation } from '../entities/key-rotation.entity.js';
import { VerificationRequest } from '../entities/verification-request.entity.js';

/** How far a rotation of keys has come. */
export interface RotationProgress {
  /** Requests looked at so far, in all runs under this pair of keys. */
  done: number;
  total: number;
}

type SealedRequest = Pick<VerificationRequest, 'id' | 'phoneNumber' | 'phoneFingerprint'>;

const BATCH = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Brings what older keys have written under the newest ones, so that the older keys can be removed from the rings.
 * Instances keep working meanwhile: they read under every key of their ring.
 */
@Injectable()
export class KeyRotator {
  constructor(
    private readonly statements: StatementRunner,
    private readonly cipher: PersonalDataCipher,
    @InjectRepository(VerificationRequest) private readonly requests: Repository<VerificationRequest>,
    @InjectRepository(KeyRotation) private readonly rotations: Repository<KeyRotation>,
  ) {}

  /** Everything that one number did under older fingerprints, counts and locks too, continues under the newest. */
  async carryOver(newest: Buffer, older: Buffer[]): Promise<void> {
    await this.statements.all(CARRY_OVER, { newest, older });
  }

  /**
   * Walks all requests in batches. When it was killed, it continues where it was.
   * @param report called after every batch
   * @param options whether values that were sealed in the form of version 1 are sealed again
   * @throws Error naming the key that is missing from the ring
   */
  async run(
    report: (progress: RotationProgress) => void = () => undefined,
    options: OpenOptions = {},
  ): Promise<RotationProgress> {
    const { encryption, fingerprint } = this.cipher.newestKeys;
    const pair = { encryptionKey: encryption, fingerprintKey: fingerprint };
    const total = await this.requests.countBy({ phoneNumber: Not(IsNull()) });
    const before = await this.rotations.findOneBy(pair);
    // After its end it walks again from the start: an instance with an older ring may have written meanwhile.
    let { lastId, done } = before && !before.finishedAt ? before : { lastId: null, done: 0 };
    for (;;) {
      const batch: SealedRequest[] = await this.requests.find({
        select: { id: true, phoneNumber: true, phoneFingerprint: true },
        where: { id: MoreThan(lastId ?? FIRST_ID), phoneNumber: Not(IsNull()) },
        order: { id: 'ASC' },
        take: BATCH,
      });
      if (batch.length === 0) break;
      await this.rewrite(batch, options);
      lastId = batch.at(-1)!.id;
      done += batch.length;
      await this.rotations.upsert({ ...pair, lastId, done, finishedAt: null }, Object.keys(pair));
      report({ done, total: Math.max(total, done) });
    }
    await this.rotations.upsert({ ...pair, lastId, done, finishedAt: new Date() }, Object.keys(pair));
    return { done, total: Math.max(total, done) };
  }

  private async rewrite(batch: SealedRequest[], options: OpenOptions): Promise<void> {
    const carried = new Map<string, { newest: Buffer; older: Buffer }>();
    for (const { id, phoneNumber, phoneFingerprint } of batch) {
      const sealed = phoneNumber!;
      const e164 = this.cipher.open(sealed, 'verification_requests.phone_number', id, options);
      if (!this.cipher.isCurrent(sealed)) {
        const resealed = this.cipher.seal(e164, 'verification_requests.phone_number', id);
        // Unless it was erased meanwhile.
        await this.requests.update({ id, phoneNumber: sealed }, { phoneNumber: resealed });
      }
      const newest = this.cipher.fingerprint('phone', e164);
      if (!newest.equals(phoneFingerprint)) {
        carried.set(phoneFingerprint.toString('hex'), { newest, older: phoneFingerprint });
      }
    }
    for (const { newest, older } of carried.values()) await this.carryOver(newest, [older]);
  }
}

/** Wrong codes and locks add up. */
export const CARRY_OVER = statement<{ newest: Buffer; older: Buffer[] }>(
  'carry-over',
  `
  WITH old AS (
    DELETE FROM number_slots WHERE phone_fingerprint = ANY(:older::bytea[]) AND phone_fingerprint <> :newest RETURNING *),
  merged AS (
    SELECT confirmed_for, sum(wrong_codes)::int AS wrong_codes, max(wait_until) AS wait_until, max(locked_at) AS locked_at,
           (array_agg(live_request_id ORDER BY live_until DESC NULLS LAST))[1] AS live_request_id, max(live_until) AS live_until
      FROM old GROUP BY confirmed_for),
  slots AS (
    INSERT INTO number_slots AS s
      (phone_fingerprint, confirmed_for, live_request_id, live_until, wrong_codes, wait_until, locked_at)
    SELECT :newest, confirmed_for, live_request_id, live_until, wrong_codes, wait_until, locked_at FROM merged
    ON CONFLICT (phone_fingerprint, confirmed_for) DO UPDATE
       SET live_request_id = CASE WHEN s.live_until > clock_timestamp() THEN s.live_request_id ELSE excluded.live_request_id END,
           live_until = greatest(s.live_until, excluded.live_until),
           wrong_codes = s.wrong_codes + excluded.wrong_codes,
           wait_until = greatest(s.wait_until, excluded.wait_until),
           locked_at = coalesce(s.locked_at, excluded.locked_at)),
  refused AS (
    UPDATE decisions SET phone_fingerprint = :newest
     WHERE phone_fingerprint = ANY(:older) AND phone_fingerprint <> :newest)
  UPDATE verification_requests SET phone_fingerprint = :newest
   WHERE phone_fingerprint = ANY(:older) AND phone_fingerprint <> :newest`,
);
