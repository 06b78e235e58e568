import { Injectable } from '@nestjs/common';
import { Raw, type Repository } from 'typeorm';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { PasskeyChallenge } from './passkey-challenge.entity.js';

/** How long the user has to answer the browser's dialogue. */
export const CHALLENGE_SECONDS = 300;

/** The challenges that authenticators are to sign. Each belongs to one sign-in, one purpose and one epoch of the user. */
@Injectable()
export class PasskeyChallenges {
  constructor(
    @InjectLibraryRepository(PasskeyChallenge) private readonly challenges: Repository<PasskeyChallenge>,
  ) {}

  /** Remembers a challenge. The user's expired ones go. */
  async remember(
    challenge: string,
    { userId, sid, epoch }: SignedInAssurance,
    purpose: string,
  ): Promise<void> {
    await this.challenges.delete({ userId, expiresAt: Raw((column) => `${column} <= now()`) });
    const expiresAt = () => `now() + interval '${CHALLENGE_SECONDS} seconds'`;
    await this.challenges.insert({ challenge, userId, sid, purpose, epoch, expiresAt });
  }

  /** Uses a challenge up. @returns false if it was not open; of two uses at once, one gets true */
  async use(challenge: string, { userId, sid, epoch }: SignedInAssurance, purpose: string): Promise<boolean> {
    const open = { challenge, userId, sid, purpose, epoch, expiresAt: Raw((column) => `${column} > now()`) };
    return (await this.challenges.delete(open)).affected === 1;
  }
}
