import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsOf } from '../../database/sql.js';
import { FactorChanges, TwoFactorService } from '../../two-factor/index.js';
import {
  maskPhoneNumber,
  numberProblem,
  type VerificationResult,
  VerificationService,
} from '../../verification/index.js';
import type { Actor } from '../access/administrator.js';
import { AuditLog } from '../audit/audit-log.service.js';

/** Whose wrong codes are forgotten: a number in any spelling, or a user. */
export type LockTarget = { phoneNumber: string; country?: string } | { userId: string };

/** What administrators do about one request or one user. Every act is in the audit before it is done. */
@Injectable()
export class Interventions {
  constructor(
    private readonly verifications: VerificationService,
    private readonly factors: FactorChanges,
    private readonly twoFactor: TwoFactorService,
    private readonly audit: AuditLog,
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Ends a live request; its code is rejected from then on. */
  async cancel(actor: Actor, id: string, reason: string): Promise<VerificationResult> {
    if (await this.verifications.findForOperator(id))
      await this.audit.append({ actor, action: 'request.cancelled', target: id, reason });
    return this.verifications.cancelByOperator(id);
  }

  /**
   * Forgets wrong codes, and with them waits and locks.
   * @returns whether there were any
   * @throws Problem `invalid-phone-number`
   */
  async liftLock(actor: Actor, of: LockTarget, reason: string): Promise<boolean> {
    const entry = { actor, action: 'lock.lifted', reason };
    if (!('userId' in of)) {
      const { phone, defect } = this.verifications.readNumber(of.phoneNumber, of.country);
      if (!phone) throw numberProblem(defect);
      await this.audit.append(entry);
      return this.verifications.liftLock({ phoneNumber: phone });
    }
    await this.audit.append({ ...entry, target: `user ${of.userId}` });
    const lifted = await this.verifications.liftLock(of);
    // Codes of authenticator apps and recovery sheets are counted apart.
    const attempts = await rowsOf(
      this.dataSource,
      'DELETE FROM otp_factor_attempts WHERE user_id = $1 RETURNING 1',
      [of.userId],
    );
    return lifted || attempts.length > 0;
  }

  /** How many phones and authenticator apps a user has. */
  countFactors(userId: string): Promise<number> {
    return this.factors.count(userId);
  }

  /** Removes all second factors of a user and notifies the user. Sessions and trusted browsers end. @returns how many there were */
  async resetFactors(actor: Actor, userId: string, reason: string): Promise<number> {
    const entry = { actor, action: 'factors.reset', target: `user ${userId}`, reason };
    const factors = await this.factors.reset(userId, (sql) => this.audit.appendIn(sql, entry));
    await this.twoFactor.notify(userId, { type: 'factors-reset' });
    return factors;
  }

  /**
   * The whole number of a request, in E.164. The entry is written before the number is read.
   * @returns null when there is no such request, or its number is erased
   */
  async reveal(actor: Actor, id: string, reason: string): Promise<string | null> {
    const request = await this.verifications.findForOperator(id);
    if (!request || request.sealedNumber === null) return null;
    const details = { number: maskPhoneNumber(request.phoneCountry, request.phoneLastDigits) };
    await this.audit.append({ actor, action: 'number.revealed', target: id, reason, details });
    return this.verifications.phoneNumberOf(request).e164;
  }
}
