import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { clientAddress, safePath } from '../http/index.js';
import {
  type Assurance,
  assuranceOf,
  type Authentication,
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

const ASSURANCE = Symbol('assurance');
type Carrier = Request & { [ASSURANCE]?: Promise<Assurance> };

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
   * @param method how the host calls it in `amr`; `pwd` unless told
   */
  async signIn(
    request: Request,
    response: Response,
    userId: string,
    { method = 'pwd', returnTo }: { method?: string; returnTo?: unknown } = {},
  ): Promise<SignedIn> {
    const epoch = await this.changes.epochOf(userId);
    const authentications = [{ method, completedAt: new Date().toISOString() }];
    if (await this.browsers.recognise(request, response, userId, epoch))
      authentications.push({ method: BROWSER, completedAt: new Date().toISOString() });
    await this.put(request, response, { userId, sid: randomUUID(), authentications, epoch });
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
    (request as Carrier)[ASSURANCE] = Promise.resolve(NOBODY);
  }

  /** How sure we are who sent this request; read once a request. */
  assurance(request: Request): Promise<Assurance> {
    return ((request as Carrier)[ASSURANCE] ??= this.read(request));
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
    const authentications = [
      ...state.authentications.filter(({ method }) => method !== shown.method),
      { ...shown, completedAt: new Date().toISOString() },
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
    return missingFactor(await this.assurance(request), demand, this.clock());
  }

  /**
   * What a change of factors lacks: a fresh second factor, or for somebody who has none yet a fresh first one.
   * @returns `sign-in` when the password is to be typed again
   */
  async missingForChange(request: Request): Promise<MissingFactor | 'sign-in' | null> {
    const assurance = await this.assurance(request);
    const { freshSeconds: maxAgeSeconds } = this.options;
    if (await this.hasFactors(assurance.userId!))
      return missingFactor(assurance, { maxAgeSeconds }, this.clock());
    return firstFactorAge(assurance, this.clock()) <= maxAgeSeconds ? null : 'sign-in';
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

  private async read(request: Request): Promise<Assurance> {
    const state = await this.options.sessions.read(request);
    if (!state) return NOBODY;
    const epoch = await this.changes.epochOf(state.userId);
    const sure = assuranceOf(state, { ...this.clock(), epoch, demanded: false });
    // Who has shown two is not asked what else there is.
    if (sure.level !== 'first-factor') return sure;
    const demanded = (await this.options.isRequired(state.userId)) || (await this.hasFactors(state.userId));
    return assuranceOf(state, { ...this.clock(), epoch, demanded });
  }

  private clock(): Omit<Circumstances, 'epoch' | 'demanded'> {
    const { firstFactorSeconds } = this.options;
    return { factors: this.factors.amr, firstFactorSeconds, now: Date.now() };
  }

  private async put(
    request: Request,
    response: Response,
    state: Parameters<ResolvedOptions['sessions']['replace']>[2],
  ) {
    await this.options.sessions.replace(request, response, state);
    (request as Carrier)[ASSURANCE] = undefined;
  }
}
