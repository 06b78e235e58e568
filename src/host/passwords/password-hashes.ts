import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '../../crypto/index.js';
import { isPossiblePassword, normalisePassword } from './password-rules.js';

/** Hashes passwords with argon2id; the only place that does. */
@Injectable()
export class PasswordHashes {
  /** Compared with when there is nobody: an unknown address takes as long as a wrong password. */
  private readonly decoy = hash(randomBytes(16).toString('base64url'));

  hash(password: string): Promise<string> {
    return hash(normalisePassword(password));
  }

  /** @param passwordHash null for an account that does not exist: then false, after the same time */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const normalised = normalisePassword(password);
    const isPossible = isPossiblePassword(normalised);
    const isRight = await verify(passwordHash ?? (await this.decoy), isPossible ? normalised : '');
    return isRight && isPossible && passwordHash !== null;
  }
}
