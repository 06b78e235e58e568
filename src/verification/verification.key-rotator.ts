import { Injectable } from '@nestjs/common';
import { type OpenOptions, PersonalDataCipher } from '../database/personal-data-cipher.js';
import { StatementRunner } from './verification.statement-runner.js';

export interface RotationProgress {
  /** Requests looked at so far, in all runs under this pair of keys. */
  done: number;
  total: number;
}

interface Sealed {
  id: string;
  phoneNumber: string;
  phoneFingerprint: Buffer;
}

const BATCH = 500;

/**
 * Brings what older keys have written under the newest ones, so that those can be taken out of the rings. Instances go
 * on working meanwhile: they read under every key of their ring.
 */
@Injectable()
export class KeyRotator {
  constructor(
    private readonly statements: StatementRunner,
    private readonly cipher: PersonalDataCipher,
  ) {}

  /** Everything that one number did under older fingerprints, counts and locks too, goes on under the newest. */
  async carryOver(newest: Buffer, older: Buffer[]): Promise<void> {
    await this.statements.all('carryOver', [newest, older]);
  }

  /**
   * Walks all requests in batches. Killed, it goes on where it was; run again after its end, it does nothing but look.
   * @param report called after every batch
   * @param options whether values that were sealed in the form of version 1 are sealed again
   * @throws Error naming the key that is missing from the ring
   */
  async run(
    report: (progress: RotationProgress) => void = () => undefined,
    options: OpenOptions = {},
  ): Promise<RotationProgress> {
    const { encryption, fingerprint } = this.cipher.newestKeys;
    const pair = [encryption, fingerprint];
    const [counted] = await this.statements.all<{ total: number }>('countSealed', []);
    const before = await this.statements.one<{
      lastId: string | null;
      done: number;
      finishedAt: Date | null;
    }>('findKeyRotation', pair);
    // After its end it walks again from the start: an instance with an older ring may have written meanwhile.
    let lastId = before && !before.finishedAt ? before.lastId : null;
    let done = before && !before.finishedAt ? before.done : 0;
    const total = counted?.total ?? 0;
    for (;;) {
      const batch = await this.statements.all<Sealed>('findSealed', [lastId, BATCH]);
      if (batch.length === 0) break;
      await this.rewrite(batch, options);
      lastId = batch.at(-1)!.id;
      done += batch.length;
      await this.statements.all('saveKeyRotation', [...pair, lastId, done, false]);
      report({ done, total: Math.max(total, done) });
    }
    await this.statements.all('saveKeyRotation', [...pair, lastId, done, true]);
    return { done, total: Math.max(total, done) };
  }

  private async rewrite(batch: Sealed[], options: OpenOptions): Promise<void> {
    const stale: { id: string; was: string; sealed: string }[] = [];
    const carried = new Map<string, { newest: Buffer; older: Buffer }>();
    for (const { id, phoneNumber, phoneFingerprint } of batch) {
      const e164 = this.cipher.open(phoneNumber, 'verification_requests.phone_number', id, options);
      if (!this.cipher.isCurrent(phoneNumber)) {
        stale.push({
          id,
          was: phoneNumber,
          sealed: this.cipher.seal(e164, 'verification_requests.phone_number', id),
        });
      }
      const newest = this.cipher.fingerprint('phone', e164);
      if (!newest.equals(phoneFingerprint)) {
        carried.set(phoneFingerprint.toString('hex'), { newest, older: phoneFingerprint });
      }
    }
    if (stale.length > 0) {
      await this.statements.all('reseal', [
        stale.map(({ id }) => id),
        stale.map(({ was }) => was),
        stale.map(({ sealed }) => sealed),
      ]);
    }
    for (const { newest, older } of carried.values()) await this.carryOver(newest, [older]);
  }
}
