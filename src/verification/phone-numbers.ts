import { Injectable } from '@nestjs/common';
import { PersonalDataCipher } from '../crypto/index.js';
import { PhoneNumber } from './domain/phone-number.js';
import type { VerificationRecord } from './domain/verification-record.js';

/** Reads the sealed numbers of requests. */
@Injectable()
export class PhoneNumbers {
  constructor(private readonly cipher: PersonalDataCipher) {}

  /** @throws Error once the number is erased */
  e164Of({ id, phoneNumber }: VerificationRecord): string {
    if (phoneNumber === null) throw new Error('the number of this request is erased');
    return this.cipher.open(phoneNumber, 'verification_requests.phone_number', id);
  }

  of(request: VerificationRecord): PhoneNumber {
    return PhoneNumber.fromE164(this.e164Of(request));
  }
}
