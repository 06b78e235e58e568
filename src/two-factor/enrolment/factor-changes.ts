import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type EntityTarget, IsNull, Not } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn } from '../../database/sql.js';
import { VerificationService } from '../../verification/index.js';
import { FactorAttempt } from '../challenge/factor-attempt.entity.js';
import { signInProblem } from '../guard/refusals.js';
import { KeptPost } from '../kept-posts/kept-post.entity.js';
import { PasskeyChallenge } from '../passkeys/passkey-challenge.entity.js';
import { Passkey } from '../passkeys/passkey.entity.js';
import { RecoveryCode } from '../recovery-codes/recovery-code.entity.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { TokenGeneration } from '../session/token-generation.entity.js';
import { EnrolledPhone } from '../sms/enrolled-phone.entity.js';
import { StepUpGrant } from '../step-up/step-up-grant.entity.js';
import { Authenticator } from '../totp/authenticator.entity.js';
import { TrustedBrowser } from '../trusted-browsers/trusted-browser.entity.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { twoFactorProblem } from '../two-factor.problems.js';

/** Everything that is deleted when a user loses all factors. */
const OF_A_USER: EntityTarget<{ userId: string }>[] = [
  EnrolledPhone,
  Authenticator,
  Passkey,
  PasskeyChallenge,
  KeptPost,
  RecoveryCode,
  TrustedBrowser,
  StepUpGrant,
  FactorAttempt,
  TokenGeneration,
];

/** Rolls back a change that has found nothing to change. */
class NothingChanged extends Error {}

/** What a change returned, and the user's epoch after it. */
export interface FactorChange<T> {
  changed: T;
  epoch: number;
}

/** How many phones, authenticator apps and passkeys the user has. */
async function countFactors(manager: EntityManager, userId: string): Promise<number> {
  const phones = await manager.countBy(EnrolledPhone, { userId });
  const apps = await manager.countBy(Authenticator, { userId, confirmedAt: Not(IsNull()) });
  return phones + apps + (await manager.countBy(Passkey, { userId }));
}

/**
 * Changes a user's factors, one change after the other. Each starts a new epoch, which ends everything that was begun
 * under the one before: other sessions, trusted browsers, live codes, enrolments and step-ups.
 */
@Injectable()
export class FactorChanges {
  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    private readonly verifications: VerificationService,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /** Ends every session and every trusted browser of a user, in any host. The factors stay as they are. */
  async endSessions(userId: string): Promise<void> {
    await this.make(userId, async (manager) => {
      await manager.delete(TrustedBrowser, { userId });
      return true;
    });
  }

  /**
   * Removes every factor of a user, with all that was built on them. For users who have lost them or are erased.
   * @param also runs in the same transaction
   * @returns how many factors there were
   */
  async reset(userId: string, also?: (manager: EntityManager) => Promise<unknown>): Promise<number> {
    const made = await this.make(userId, async (manager) => {
      const factors = await countFactors(manager, userId);
      for (const entity of OF_A_USER) await manager.delete(entity, { userId });
      await also?.(manager);
      return { factors };
    });
    return made!.changed.factors;
  }

  /** How many factors {@link reset} would remove. */
  count(userId: string): Promise<number> {
    return countFactors(this.dataSource.manager, userId);
  }

  /**
   * Makes a change for an operator or the host, whatever the user's epoch is.
   * @param change returns null when there is nothing to change. Then everything that it wrote is rolled back.
   */
  make<T>(
    userId: string,
    change: (manager: EntityManager) => Promise<T | null>,
  ): Promise<FactorChange<T> | null> {
    return this.makeUnder(null, userId, change);
  }

  /**
   * Makes a change that was asked for in a session, if the user's factors have not changed since its request was admitted.
   * @param change as in {@link make}
   * @throws Problem `sign-in-required` when they have changed: the session has ended
   */
  makeIn<T>(
    { userId, epoch }: Pick<SignedInAssurance, 'userId' | 'epoch'>,
    change: (manager: EntityManager) => Promise<T | null>,
  ): Promise<FactorChange<T> | null> {
    return this.makeUnder(epoch, userId, change);
  }

  /**
   * Changes one factor, in a session.
   * @param change returns null when there is no such factor
   * @throws Problem `unknown-factor`
   */
  async changeFactor<T>(
    session: SignedInAssurance,
    change: (manager: EntityManager) => Promise<T | null>,
  ): Promise<FactorChange<T>> {
    const made = await this.makeIn(session, change);
    if (!made) throw twoFactorProblem('unknown-factor');
    return made;
  }

  /** Removes one factor, as {@link changeFactor}. @throws Problem `last-factor` where the user has to keep one */
  async removeFactor<T>(
    session: SignedInAssurance,
    remove: (manager: EntityManager) => Promise<T | null>,
  ): Promise<FactorChange<T>> {
    const mustKeepOne = await this.options.isRequired(session.userId);
    return this.changeFactor(session, async (manager) => {
      if (mustKeepOne && (await countFactors(manager, session.userId)) <= 1)
        throw twoFactorProblem('last-factor');
      return remove(manager);
    });
  }

  private async makeUnder<T>(
    admittedUnder: number | null,
    userId: string,
    change: (manager: EntityManager) => Promise<T | null>,
  ): Promise<FactorChange<T> | null> {
    let made: FactorChange<T>;
    try {
      made = await this.dataSource.transaction(async (manager) => {
        // The row's lock makes the second of two changes at once wait, and see what the first one has left.
        const [locked] = await rowsIn<{ epoch: number }>(manager, LOCK_EPOCH, [userId]);
        const { epoch } = locked!;
        if (admittedUnder !== null && admittedUnder !== epoch) throw signInProblem(this.options.signInPath);
        const changed = await change(manager);
        if (changed === null) throw new NothingChanged();
        await manager.delete(Authenticator, { userId, confirmedAt: IsNull() });
        await manager.delete(StepUpGrant, { userId, usedAt: IsNull() });
        await manager.delete(PasskeyChallenge, { userId });
        await rowsIn(manager, 'UPDATE otp_factor_epochs SET epoch = epoch + 1 WHERE user_id = $1', [userId]);
        return { changed, epoch: epoch + 1 };
      });
    } catch (error) {
      if (error instanceof NothingChanged) return null;
      throw error;
    }
    // Codes of the earlier epoch are rejected in any case. This frees their numbers and notifies the provider.
    await this.verifications.cancelAllOf(userId);
    return made;
  }
}

const LOCK_EPOCH = `
  INSERT INTO otp_factor_epochs (user_id, epoch) VALUES ($1, 0)
  ON CONFLICT (user_id) DO UPDATE SET epoch = otp_factor_epochs.epoch
  RETURNING epoch`;
