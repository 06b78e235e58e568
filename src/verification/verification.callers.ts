import { Injectable } from '@nestjs/common';
import { PersonalDataCipher } from '../crypto/index.js';
import { type Caller, identityOf, proversOf } from './domain/caller.js';
import type { VerificationRecord } from './domain/verification-record.js';

/** What is kept of callers and of the codes they type: fingerprints, under every key of the ring. */
@Injectable()
export class CallerFingerprints {
  constructor(private readonly cipher: PersonalDataCipher) {}

  /** Of who calls: whom a request belongs to. */
  of(caller: Caller): [Buffer, ...Buffer[]] {
    return this.cipher.fingerprints('caller', identityOf(caller).text);
  }

  /** Of the session and the device that the caller shows: whose codes a request accepts. */
  ofProvers(caller: Caller): Buffer[] {
    return proversOf(caller).flatMap((prover) => this.cipher.fingerprints('caller', prover));
  }

  /** Of a code together with the request it is typed for and who types it. The first one is kept with the check. */
  ofCode(requestId: string, code: string, caller: Caller): [Buffer, ...Buffer[]] {
    const [first, ...others] = proversOf(caller).flatMap((prover) =>
      this.cipher.fingerprints('code', `${requestId.toLowerCase()}\0${code}\0${prover}`),
    );
    return [first!, ...others];
  }

  isFrom(caller: Caller, { callerFingerprint }: VerificationRecord): boolean {
    return this.of(caller).some((fingerprint) => fingerprint.equals(callerFingerprint));
  }

  /** Whether the request accepts codes from this session or device. */
  mayProve(caller: Caller, { proverFingerprint }: VerificationRecord): boolean {
    if (proverFingerprint === null) return true;
    return this.ofProvers(caller).some((fingerprint) => fingerprint.equals(proverFingerprint));
  }
}
