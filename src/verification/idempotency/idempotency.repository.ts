import { Injectable } from '@nestjs/common';
import { IsNull, Repository } from 'typeorm';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { StatementRunner, statement } from '../../database/statement.js';
import { IdempotencyKey } from '../entities/idempotency-key.entity.js';

/** The keys of repeated calls, and their answers, for a day. */
@Injectable()
export class IdempotencyRepository {
  constructor(
    private readonly statements: StatementRunner,
    @InjectLibraryRepository(IdempotencyKey) private readonly keys: Repository<IdempotencyKey>,
  ) {}

  /**
   * @param bodies the fingerprints of the body, under the newest key first
   * @returns false when another call with this key is under way or was answered
   */
  async claim(key: Buffer, bodies: [Buffer, ...Buffer[]], lockSeconds: number): Promise<boolean> {
    return (await this.statements.one(CLAIM_KEY, { key, body: bodies[0], bodies, lockSeconds })) !== null;
  }

  find(keyFingerprint: Buffer): Promise<IdempotencyKey | null> {
    return this.keys.findOneBy({ keyFingerprint });
  }

  async answer(keyFingerprint: Buffer, answer: object): Promise<void> {
    await this.keys.update({ keyFingerprint }, { answer });
  }

  async release(keyFingerprint: Buffer): Promise<void> {
    await this.keys.delete({ keyFingerprint, answer: IsNull() });
  }
}

/** Also takes a key whose call has died, and one that is a day old. */
export const CLAIM_KEY = statement<
  { key: Buffer; body: Buffer; bodies: Buffer[]; lockSeconds: number },
  { createdAt: Date }
>(
  'claim-idempotency-key',
  `
  INSERT INTO otp_idempotency_keys AS k (key_fingerprint, body_fingerprint, locked_until, created_at)
  VALUES (:key, :body, clock_timestamp() + make_interval(secs => :lockSeconds), clock_timestamp())
  ON CONFLICT (key_fingerprint) DO UPDATE
     SET body_fingerprint = excluded.body_fingerprint, answer = NULL,
         locked_until = excluded.locked_until, created_at = excluded.created_at
   WHERE k.created_at < clock_timestamp() - interval '1 day'
      OR k.answer IS NULL AND k.locked_until <= clock_timestamp() AND k.body_fingerprint = ANY(:bodies)
  RETURNING created_at`,
);
