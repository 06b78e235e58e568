import { Injectable } from '@nestjs/common';
import { PersonalDataCipher } from '../../crypto/index.js';
import { Problem } from '../../http/index.js';
import { VerificationService } from '../../verification/index.js';

const SHAPE = /^[A-Za-z0-9_-]{43}(\.[A-Za-z0-9_-]{43}){0,8}$/;

/**
 * A number as it may stand in an address: its fingerprints, which say nothing without the keys. Addresses are kept in
 * histories, logs and bookmarks.
 */
@Injectable()
export class NumberTokens {
  constructor(
    private readonly cipher: PersonalDataCipher,
    private readonly verifications: VerificationService,
  ) {}

  /** @throws Problem `invalid-input` naming the field */
  of(phoneNumber: string, country?: string, field = 'phoneNumber'): string {
    const { phone, defect } = this.verifications.readNumber(phoneNumber, country);
    if (!phone) throw Problem.invalidInput('history', [{ field, code: defect }]);
    return this.cipher
      .fingerprints('phone', phone.e164)
      .map((fingerprint) => fingerprint.toString('base64url'))
      .join('.');
  }

  /** Of a token, or of a number in any spelling. @throws Problem `invalid-input` */
  read(number: string): { token: string; fingerprints: Buffer[] } {
    const token = SHAPE.test(number) ? number : this.of(number, undefined, 'number');
    return { token, fingerprints: token.split('.').map((part) => Buffer.from(part, 'base64url')) };
  }
}
