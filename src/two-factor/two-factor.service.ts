import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { clientAddress, safePath } from '../http/index.js';
import {
  type Assurance,
  assuranceOf,
  type Authentication,
  type AuthenticationState,
  BROWSER,
  type Circumstances,
  type FactorDemand,
  firstFactorAge,
  missingFactor,
  type MissingFactor,
  NOBODY,
  sessionOf,
} from './assurance/assurance.js';
import { signInRequired } from './guard/refusals.js';
import type { FactorCaller } from './factors/factor-caller.js';
import { FactorChanges } from './factors/factor-changes.js';
import { Factors } from './factors/factors.js';
import { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
import { LogNotifier, type TwoFactorNotice } from './two-factor.notifier.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from './two-factor.options.js';

/** What a request's session is worth, and the database's time when that was read. */
interface Reading {
  assurance: Assurance;
  now: number;
}

const READING = Symbol('reading');
type Carrier = Request & { [READING]?: Promise<Reading> };
const NOTHING: Reading = { assurance: NOBODY, now: 0 };

/** The result of signing in: the new session, and where to send the user next. */
export interface SignedIn {
  assurance: Assurance;
  /** Where to go now: to the second factor, or on. */
  next: string;
}

/** What a host calls when somebody has shown something, and asks when it wants to know. */
@Injectable()
export class TwoFactorService {
  private readonly log = new LogNotifier();

  constructor(
    private readonly factors: Factors,
    private readonly changes: FactorChanges,
    private readonly browsers: TrustedBrowsers,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * The host has checked a first factor: begins a session with a new id. A browser that the user trusts is not asked
   * for the second factor.
   * @param method how the host calls it in `amr`. Defaults to `pwd`
   */
  async signIn(
    request: Request,
    response: Response,
    userId: string,
    { method = 'pwd', returnTo }: { method?: string; returnTo?: unknown } = {},
  ): Promise<SignedIn> {
    const { epoch, now } = await this.changes.standingOf(userId);
    const signedInAt = now.toISOString();
    const authentications = [{ method, completedAt: signedInAt }];
    const { trusted, copied } = await this.browsers.recognise(request, response, userId, epoch);
    if (trusted) authentications.push({ method: BROWSER, completedAt: signedInAt });
    await this.put(request, response, {
      userId,
      sid: randomUUID(),
      authentications,
      epoch,
      signedInAt,
      ...(trusted ? { trustedBrowserId: trusted.id } : {}),
    });
    if (copied) await this.notify(userId, { type: 'trusted-browser-reused', detail: copied.description });
    const assurance = await this.assurance(request);
    const goal = safePath(returnTo, this.options.homePath);
    return { assurance, next: assurance.pending ? this.challengePath(goal) : goal };
  }

  /** By whom wrong codes of this request are counted. */
  async factorCaller(request: Request): Promise<FactorCaller> {
    const { level } = await this.assurance(request);
    return {
      isTrusted: level === 'two-factor',
      session: this.options.sessions.idOf(request),
      address: clientAddress(request),
    };
  }

  /** Ends the session. */
  async signOut(request: Request, response: Response): Promise<void> {
    await this.options.sessions.end(request, response);
    (request as Carrier)[READING] = Promise.resolve(NOTHING);
  }

  /** Ends every session and every trusted browser of the user, this session included, and tells the user. */
  async signOutEverywhere(request: Request, response: Response): Promise<void> {
    const { userId } = await this.assurance(request);
    if (userId) await this.changes.endSessions(userId);
    await this.signOut(request, response);
    if (userId) await this.notify(userId, { type: 'signed-out-everywhere' });
  }

  /** How sure we are who sent this request; read once a request. */
  async assurance(request: Request): Promise<Assurance> {
    return (await this.reading(request)).assurance;
  }

  /** The same for the state of any session: a list of a user's sessions leaves out those that are over. */
  async assuranceOfState(state: AuthenticationState): Promise<Assurance> {
    return (await this.weigh(state)).assurance;
  }

  /**
   * A second factor was shown in this session: it goes on under a new id, and under the epoch that it was made in. When
   * the factors have changed meanwhile, that ends it.
   * @param epoch of the user's factors, where showing it has changed them
   * @throws Problem `sign-in-required` when the session has ended
   */
  async complete(
    request: Request,
    response: Response,
    shown: Omit<Authentication, 'completedAt'>,
    epoch?: number,
  ): Promise<Assurance> {
    const state = await this.options.sessions.read(request);
    if (!state) throw signInRequired(this, null);
    const { now } = await this.changes.standingOf(state.userId);
    const authentications = [
      ...state.authentications.filter(({ method }) => method !== shown.method),
      { ...shown, completedAt: now.toISOString() },
    ];
    await this.put(request, response, {
      ...state,
      authentications,
      ...(epoch === undefined ? {} : { epoch }),
    });
    const assurance = await this.assurance(request);
    if (assurance.level === 'anonymous') throw signInRequired(this, null);
    return assurance;
  }

  /** The user's factors have changed in this session: it goes on, under a new id; all others end. */
  async renew(request: Request, response: Response, epoch: number): Promise<void> {
    const state = await this.options.sessions.read(request);
    if (state) await this.put(request, response, { ...state, epoch });
  }

  /**
   * A factor that the module does not know of was added, changed or removed: the session goes on under a new id, the
   * user's others and trusted browsers end.
   */
  async factorsChanged(request: Request, response: Response): Promise<void> {
    const session = sessionOf(await this.assurance(request));
    const made = await this.changes.makeIn(session, () => Promise.resolve(true));
    if (made) await this.renew(request, response, made.epoch);
  }

  /** What a request lacks for a demand; null when nothing. */
  async missing(request: Request, demand: FactorDemand): Promise<MissingFactor | null> {
    const { assurance, now } = await this.reading(request);
    return missingFactor(assurance, demand, { factors: this.factors.amr, now });
  }

  /**
   * What a change of factors lacks: a fresh second factor, or for somebody who has none yet a fresh first one.
   * @returns `sign-in` when the password is to be typed again
   */
  async missingForChange(request: Request): Promise<MissingFactor | 'sign-in' | null> {
    const { assurance, now } = await this.reading(request);
    const { freshSeconds: maxAgeSeconds } = this.options;
    const circumstances = { factors: this.factors.amr, now };
    if (await this.hasFactors(assurance.userId!))
      return missingFactor(assurance, { maxAgeSeconds }, circumstances);
    return firstFactorAge(assurance, circumstances) <= maxAgeSeconds ? null : 'sign-in';
  }

  async hasFactors(userId: string): Promise<boolean> {
    return (await this.factors.enrolledBy(userId)).length > 0;
  }

  /** Whether the user may be without any factor. */
  async mayHaveNone(userId: string): Promise<boolean> {
    return !(await this.options.isRequired(userId));
  }

  challengePath(returnTo: string): string {
    return `/two-factor?returnTo=${encodeURIComponent(returnTo)}`;
  }

  signInPath(returnTo: string): string {
    return `${this.options.signInPath}?returnTo=${encodeURIComponent(returnTo)}`;
  }

  async notify(userId: string, notice: Omit<TwoFactorNotice, 'at'>): Promise<void> {
    await (this.options.notifier ?? this.log).notify(userId, { ...notice, at: new Date() });
  }

  private reading(request: Request): Promise<Reading> {
    return ((request as Carrier)[READING] ??= this.read(request));
  }

  private async read(request: Request): Promise<Reading> {
    const state = await this.options.sessions.read(request);
    return state ? this.weigh(state) : NOTHING;
  }

  private async weigh(state: AuthenticationState): Promise<Reading> {
    const { userId, trustedBrowserId } = state;
    const { epoch, isBrowserTrusted, now: time } = await this.changes.standingOf(userId, trustedBrowserId);
    const now = time.getTime();
    const { firstFactorSeconds, sessionLifetimeSeconds } = this.options;
    const circumstances: Circumstances = {
      epoch,
      isBrowserTrusted,
      now,
      factors: this.factors.amr,
      firstFactorSeconds,
      sessionLifetimeSeconds,
      demanded: false,
    };
    const sure = assuranceOf(state, circumstances);
    // Who has shown two is not asked what else there is.
    if (sure.level !== 'first-factor') return { assurance: sure, now };
    const demanded = (await this.options.isRequired(userId)) || (await this.hasFactors(userId));
    return { assurance: assuranceOf(state, { ...circumstances, demanded }), now };
  }

  private async put(request: Request, response: Response, state: AuthenticationState) {
    await this.options.sessions.replace(request, response, state);
    (request as Carrier)[READING] = undefined;
  }
}
