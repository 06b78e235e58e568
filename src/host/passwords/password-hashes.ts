import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '../../crypto/index.js';
import { isPossiblePassword, normalisePassword } from './password-rules.js';

/** Hashes and verifies passwords with argon2id. */
@Injectable()
export class PasswordHashes {
  /** Verified for unknown addresses, so that they take as long as a wrong password. */
  private readonly decoy = hash(randomBytes(16).toString('base64url'));

  hash(password: string): Promise<string> {
    return hash(normalisePassword(password));
  }

  /** @param passwordHash null if the account does not exist: the result is false, after the same time */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const normalised = normalisePassword(password);
    const isPossible = isPossiblePassword(normalised);
    const isMatch = await verify(passwordHash ?? (await this.decoy), isPossible ? normalised : '');
    return isMatch && isPossible && passwordHash !== null;
  }
}
