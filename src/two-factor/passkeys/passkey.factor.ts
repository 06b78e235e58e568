import { Injectable } from '@nestjs/common';
import { type EnrolledFactor, Factor, namedFactors } from '../challenge/factor.js';
import { Passkeys } from './passkeys.service.js';

/** Passkeys (WebAuthn): the factor that cannot be phished. */
@Injectable()
export class PasskeyFactor extends Factor {
  readonly method = 'passkey';
  /** RFC 8176: proof of possession of a key, whether in hardware or in a password manager. */
  readonly amr = 'pop';

  constructor(private readonly passkeys: Passkeys) {
    super();
  }

  async enrolledBy(userId: string): Promise<EnrolledFactor[]> {
    return namedFactors(this.method, await this.passkeys.ofUser(userId));
  }
}
