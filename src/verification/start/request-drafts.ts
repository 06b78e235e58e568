import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { PersonalDataCipher } from '../../crypto/index.js';
import { addressBucket } from '../../http/index.js';
import { hasProver, identityOf } from '../domain/caller.js';
import type { PhoneNumber } from '../domain/phone-number.js';
import { leaseSeconds, type VerificationPolicy } from '../domain/policy.js';
import { VerificationProvider } from '../provider/verification-provider.js';
import { CallerFingerprints } from '../verification.callers.js';
import { DEFAULT_PURPOSE, type StartVerification } from '../verification.input.js';
import { StatementRunner } from '../../database/statement.js';
import { CARRY_OVER } from '../carry-over.js';
import { VERIFICATION_POLICY } from '../verification.options.js';
import { messageLocale } from './message-locale.js';
import type { NewRequest } from './start.repository.js';

/** A browser's name for itself is cut off here. */
const LONGEST_AGENT = 200;

/** Builds the request rows of starts. */
@Injectable()
export class RequestDrafts {
  constructor(
    private readonly cipher: PersonalDataCipher,
    private readonly statements: StatementRunner,
    private readonly callers: CallerFingerprints,
    private readonly provider: VerificationProvider,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  async of(phone: PhoneNumber, input: StartVerification): Promise<NewRequest> {
    const { channel = 'sms', purpose = DEFAULT_PURPOSE, caller } = input;
    const id = uuidv7();
    const [phoneFingerprint, ...older] = this.cipher.fingerprints('phone', phone.e164);
    // Only while a fingerprint key is being replaced: what the number did under the old key counts under the new one.
    if (older.length > 0) await this.statements.all(CARRY_OVER, { newest: phoneFingerprint, older });
    return {
      id,
      purpose,
      channel,
      sealedNumber: this.cipher.seal(phone.e164, 'verification_requests.phone_number', id),
      phoneFingerprint,
      phoneCountry: phone.country,
      phoneLastDigits: phone.lastDigits,
      prefixFingerprint: this.cipher.fingerprint('limit', `prefix ${phone.prefix}`),
      confirmedFor: (input.confirmed && caller.userId) || '',
      userId: caller.userId ?? null,
      callerFingerprint: this.callers.of(caller)[0],
      callerBound: identityOf(caller).bound,
      proverFingerprint: hasProver(caller) ? this.callers.ofProvers(caller)[0]! : null,
      callerAddress: caller.address ? addressBucket(caller.address) : null,
      callerAgent: caller.userAgent?.slice(0, LONGEST_AGENT) ?? null,
      countedByCaller: input.callerCountsWrongCodes ?? false,
      context: input.context ?? null,
      locale: messageLocale([input.locale ?? []].flat(), phone.country, this.provider.locales) ?? null,
      brand: input.brand ?? null,
      codeLength: this.policy.codeLength,
      maxAttempts: this.policy.maxAttempts,
      maxSends: this.policy.maxSends,
      ttlSeconds: this.policy.ttlSeconds,
      provider: this.provider.name,
      sendLeaseSeconds: leaseSeconds(this.policy),
    };
  }

  /** What the record of a refused start keeps of it: fingerprints, and nothing of a user or an address in clear. */
  recordOf({ phoneFingerprint, phoneCountry, phoneLastDigits, purpose, userId, callerAddress }: NewRequest) {
    return {
      phoneFingerprint,
      phoneCountry,
      phoneLastDigits,
      purpose,
      userFingerprint: userId === null ? null : this.cipher.userFingerprints(userId)[0],
      addressFingerprint: callerAddress === null ? null : this.cipher.addressFingerprints(callerAddress)[0],
    };
  }
}
