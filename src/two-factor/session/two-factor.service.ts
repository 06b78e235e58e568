import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { safePath } from '../../http/index.js';
import { MisuseError } from '../../options/misuse-error.js';
import { Factors } from '../challenge/factors.js';
import { FactorChanges } from '../enrolment/factor-changes.js';
import { signInRequired } from '../guard/refusals.js';
import { TrustedBrowsers } from '../trusted-browsers/trusted-browsers.service.js';
import type { TwoFactorNotice } from '../two-factor.notifier.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import {
  ANY_FACTOR,
  type Assurance,
  type FactorDemand,
  firstFactorAge,
  isFirstFactor,
  missingFactor,
  type MissingFactor,
  type SignedInAssurance,
} from './assurance.js';
import { AssuranceReader } from './assurance-reader.js';
import { ADOPTED, type Authentication, type AuthenticationState, BROWSER } from './authentication-state.js';
import { Notices } from './notices.js';
import { TokenGenerations } from './token-generations.js';
import { TwoFactorPaths } from './two-factor-paths.js';
import { userIdOf } from './user-id.js';

/** A factor that has just been shown. */
export type ShownFactor = Pick<Authentication, 'method' | 'requestId'>;

/** The result of {@link TwoFactorService.signIn}. */
export interface SignInResult {
  assurance: Assurance;
  /** The path to continue to: the second factor, or the page that the user wanted. */
  next: string;
  /** Where sessions are tokens: the client's token from now on. */
  accessToken?: string;
}

/** What the host calls to sign users in and out, and to find out how sure it can be who sent a request. */
@Injectable()
export class TwoFactorService {
  constructor(
    private readonly reader: AssuranceReader,
    private readonly factors: Factors,
    private readonly changes: FactorChanges,
    private readonly browsers: TrustedBrowsers,
    private readonly notices: Notices,
    private readonly tokens: TokenGenerations,
    private readonly paths: TwoFactorPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /**
   * Begins a session with a new id, after the host has checked a first factor. A browser that the user trusts is not
   * asked for the second factor.
   * @param user the user's id. A number is kept as text: that is what your functions are asked with.
   * @param how.method the first factor as it appears in `amr`. Defaults to `pwd`. Not the name of a second factor, which
   * would then be shown without a first one.
   * @param how.returnTo the path that the user wanted
   */
  async signIn(
    request: Request,
    response: Response,
    user: string | number,
    how: { method?: string; returnTo?: unknown } = {},
  ): Promise<SignInResult> {
    const userId = userIdOf(user);
    const method = how.method ?? 'pwd';
    if (!isFirstFactor({ method }, this.factors.amr) || method === ADOPTED)
      throw new MisuseError(`signIn: '${method}' names a second factor. Name the first factor otherwise.`);
    const { epoch, now } = await this.reader.standingOf(userId);
    const signedInAt = now.toISOString();
    const authentications = [{ method, completedAt: signedInAt }];
    const { trusted, copied } = await this.browsers.recognise(request, response, { userId, epoch });
    if (trusted) authentications.push({ method: BROWSER, completedAt: signedInAt });
    await this.replace(request, response, {
      userId,
      sid: randomUUID(),
      authentications,
      epoch,
      signedInAt,
      trustedBrowserId: trusted?.id,
    });
    if (copied) await this.notify(userId, { type: 'trusted-browser-reused', detail: copied.description });
    const assurance = await this.assurance(request);
    this.notices.emit({ type: 'signed-in', userId, level: assurance.level });
    const accessToken = this.options.sessions.newTokenOf(request);
    return {
      assurance,
      next: this.nextOf(assurance, how.returnTo) ?? this.options.homePath,
      ...(accessToken === null ? {} : { accessToken }),
    };
  }

  /** Where somebody who is signed in continues instead of signing in. @returns null for everybody else */
  nextOf({ level, pending }: Assurance, returnTo: unknown): string | null {
    if (level === 'anonymous') return null;
    const goal = safePath(returnTo, this.options.homePath);
    return pending ? this.paths.challenge(goal) : goal;
  }

  /** Ends the session, and what a parallel request may store of it again (`resave` of express-session). */
  async signOut(request: Request, response: Response): Promise<void> {
    const state = await this.options.sessions.read(request);
    if (state) await this.tokens.end(state);
    await this.options.sessions.end(request, response);
    this.reader.end(request);
  }

  /** Ends every session and every trusted browser of the user, this session included, and notifies the user. */
  async signOutEverywhere(request: Request, response: Response): Promise<void> {
    const { userId } = await this.assurance(request);
    if (userId) await this.changes.endSessions(userId);
    await this.signOut(request, response);
    if (userId) await this.notify(userId, { type: 'signed-out-everywhere' });
  }

  /** How sure the application is who sent this request. */
  async assurance(request: Request): Promise<Assurance> {
    return (await this.reader.read(request)).assurance;
  }

  /** The same for the stored state of any session, for example to leave dead ones out of a list. */
  async assuranceOfState(state: AuthenticationState): Promise<Assurance> {
    return (await this.reader.assess(state)).assurance;
  }

  /**
   * A second factor was shown in this session: the session continues under a new id. It keeps its epoch, so it ends here
   * if the factors have changed meanwhile.
   * @throws Problem `sign-in-required` when the session has ended
   */
  async complete(request: Request, response: Response, shown: ShownFactor): Promise<SignedInAssurance> {
    // It may have been ended elsewhere while the factor was checked.
    const state = await this.options.sessions.readAgain(request);
    if (!state) throw signInRequired(this.paths, null);
    await this.replace(request, response, await this.withFactor(state, shown));
    const assurance = await this.assurance(request);
    if (assurance.level === 'anonymous') throw signInRequired(this.paths, null);
    this.notices.emit({ type: 'factor-shown', userId: state.userId, method: shown.method });
    return assurance;
  }

  /**
   * The user's factors have changed in this session: it continues under a new id and the new epoch. All others end.
   */
  async renew(request: Request, response: Response, change: { epoch: number; shown?: ShownFactor }) {
    const { epoch, shown } = change;
    const state = await this.options.sessions.readAgain(request);
    if (!state) return;
    const renewed = { ...state, epoch };
    await this.replace(request, response, shown ? await this.withFactor(renewed, shown) : renewed);
  }

  /**
   * A factor of the host's own was added, changed or removed: this session continues under a new id. The user's other
   * sessions and trusted browsers end.
   */
  async factorsChanged(request: Request, response: Response): Promise<void> {
    const assurance = await this.assurance(request);
    if (assurance.level === 'anonymous') throw signInRequired(this.paths, null);
    const made = await this.changes.makeIn(assurance, () => Promise.resolve(true));
    if (made) await this.renew(request, response, made);
  }

  /** The session of this request is read again at the next question: for connections that outlive an answer. */
  refresh(request: Request): void {
    this.reader.refresh(request);
  }

  /** What the request's session lacks for a demand, or null. */
  async missing(request: Request, demand: FactorDemand): Promise<MissingFactor | null> {
    const { assurance, now } = await this.reader.read(request);
    const missing = missingFactor(assurance, demand, { factors: this.factors.amr, now });
    if (missing?.reason !== 'missing' || missing.factor === ANY_FACTOR || assurance.userId === null)
      return missing;
    const enrolled = await this.factors.enrolledBy(assurance.userId);
    const hasIt = enrolled.some(({ method }) => method === missing.factor);
    return hasIt ? missing : { ...missing, reason: 'not-enrolled' };
  }

  /**
   * What the request's session lacks for a change of factors. Users with a factor must have shown one recently, users
   * without any must have typed their password recently.
   * @returns `sign-in` when the password has to be typed again
   */
  async missingForChange(request: Request): Promise<MissingFactor | 'sign-in' | null> {
    const { assurance, now } = await this.reader.read(request);
    if (assurance.level === 'anonymous') return 'sign-in';
    const { freshSeconds } = this.options;
    const ageing = { factors: this.factors.amr, now };
    if (await this.hasFactors(assurance.userId))
      return missingFactor(assurance, { maxAgeSeconds: freshSeconds }, ageing);
    return firstFactorAge(assurance, ageing) <= freshSeconds ? null : 'sign-in';
  }

  /** Whether the user has enrolled any second factor. */
  hasFactors(userId: string): Promise<boolean> {
    return this.factors.hasAny(userId);
  }

  /** Tells a user, by the host's notifier, what has happened to the account. */
  notify(userId: string, notice: Omit<TwoFactorNotice, 'at'>): Promise<void> {
    return this.notices.send(userId, notice);
  }

  private async withFactor(state: AuthenticationState, shown: ShownFactor): Promise<AuthenticationState> {
    const { now } = await this.reader.standingOf(state.userId);
    const others = state.authentications.filter(({ method }) => method !== shown.method);
    return { ...state, authentications: [...others, { ...shown, completedAt: now.toISOString() }] };
  }

  private async replace(request: Request, response: Response, state: AuthenticationState): Promise<void> {
    const next = this.options.sessions.areTokens ? await this.tokens.next(state) : state;
    if (!next) throw signInRequired(this.paths, null);
    await this.options.sessions.replace(request, response, next);
    this.reader.forget(request);
  }
}
