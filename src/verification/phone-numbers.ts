import { Inject, Injectable } from '@nestjs/common';
import { PersonalDataCipher } from '../crypto/index.js';
import { type NumberReading, PhoneNumber } from './domain/phone-number.js';
import type { VerificationRecord } from './domain/verification-record.js';
import { VERIFICATION_OPTIONS, type ResolvedVerificationOptions } from './verification.options.js';

/** Reads the numbers that people type, and the sealed numbers of requests. */
@Injectable()
export class PhoneNumbers {
  constructor(
    private readonly cipher: PersonalDataCipher,
    @Inject(VERIFICATION_OPTIONS) private readonly options: ResolvedVerificationOptions,
  ) {}

  /**
   * Reads a typed number, see {@link PhoneNumber.read}. Without a country it is one of `defaultCountry`.
   * @param country ISO 3166-1 alpha-2; absent or empty: the person chose none
   */
  read(input: unknown, country?: string): NumberReading {
    return PhoneNumber.read(input, {
      country: country || undefined,
      defaultCountry: this.options.defaultCountry,
    });
  }

  /** @throws Error once the number is erased */
  e164Of({ id, sealedNumber }: VerificationRecord): string {
    if (sealedNumber === null) throw new Error('the number of this request is erased');
    return this.cipher.open(sealedNumber, 'verification_requests.phone_number', id);
  }

  of(request: VerificationRecord): PhoneNumber {
    return PhoneNumber.fromE164(this.e164Of(request));
  }
}
