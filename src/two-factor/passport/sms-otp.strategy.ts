import { isUUID } from 'class-validator';
import type { Request } from 'express';
import { preferredLanguages, Problem } from '../../http/index.js';
import {
  type Caller,
  maskPhoneNumber,
  originOf,
  PhoneNumber,
  VERIFICATION_ERRORS,
  type VerificationFailure,
  type VerificationRecord,
  type VerificationResult,
  type VerificationService,
} from '../../verification/index.js';
import { SECOND_FACTOR } from '../sms/sms.factor.js';
import { TWO_FACTOR_ERRORS } from '../two-factor.problems.js';

type MaybePromise<T> = T | Promise<T>;

/** Options of {@link SmsOtpStrategy}. */
export interface SmsOtpOptions<User extends { id: string }> {
  /** The application's `VerificationService`. */
  verifications: Pick<VerificationService, 'start' | 'find' | 'check' | 'phoneNumberOf' | 'cancelAllOf'>;
  /** The user who has shown a first factor: from the session or token, never from the body. Null when there is none. */
  user: (request: Request) => MaybePromise<User | null | undefined>;
  /**
   * A number that this user has proven before, in E.164, or null. Called again when a code is checked: a code that went to
   * another number is rejected.
   */
  phoneNumberOf: (user: User) => MaybePromise<string | null | undefined>;
  /**
   * A value that changes whenever the user's factors do, such as a counter. A code that was asked for under another value
   * is rejected. @default only the number is compared
   */
  epochOf?: (user: User) => MaybePromise<string | number>;
  /**
   * Names the session, the same from the first factor to the code. Only the session that asked for a code may type it.
   * @default any session of the user may
   */
  sessionOf?: (request: Request) => string | null | undefined;
  /** What the codes are for. @default 'second-factor', as on the routes of `TwoFactorModule` */
  purpose?: string;
}

const STATUSES = {
  ...VERIFICATION_ERRORS,
  'code-sent': 401,
  'sign-in-required': TWO_FACTOR_ERRORS['sign-in-required'],
  'unknown-factor': TWO_FACTOR_ERRORS['unknown-factor'],
} as const;

/** Why the authentication failed, for the callback of `passport.authenticate` or a guard's `handleRequest`. */
export interface SmsOtpChallenge {
  /**
   * The codes of a verification, and `code-sent` (the code can be typed now), `sign-in-required` (there is no first
   * factor), `unknown-factor` (the user has no phone).
   */
  code: keyof typeof STATUSES;
  /** To send back with the code. Absent when there is no request that the user may know of. */
  requestId?: string;
  /** With `code-sent`: the masked number. */
  phoneNumber?: string;
  /** With `wrong-code`. */
  attemptsRemaining?: number;
  retryAfterSeconds?: number;
}

/** What `success` is given besides the user. */
export interface SmsOtpInfo {
  method: 'sms';
  /** The verification request that proved it. */
  requestId: string;
}

/** Decides about a user whose code was right. Calling `done` without a user refuses. */
export type SmsOtpVerify<User> = (
  user: User,
  info: SmsOtpInfo,
  done: (error: unknown, user?: unknown) => void,
) => void;

type Outcome<User> = { user: User; info: SmsOtpInfo } | SmsOtpChallenge;

/**
 * The second factor as a Passport strategy, for a user who has shown a first one. Without `otpCode` in the body it sends
 * a code to the user's phone, once for repeated requests, and fails with `code-sent`. With `requestId` and `otpCode` it
 * checks the code. Expected failures are `fail(challenge, status)`. An unavailable database or provider is `error`.
 *
 * ```ts
 * passport.use(new SmsOtpStrategy({ verifications, user: (request) => …, phoneNumberOf: (user) => user.phoneNumber }));
 * ```
 */
export class SmsOtpStrategy<User extends { id: string } = { id: string }> {
  readonly name = 'sms-otp';
  // Passport puts these onto a copy of the strategy for every request.
  /** @internal */
  declare readonly success: (user: unknown, info: SmsOtpInfo) => void;
  /** @internal */
  declare readonly fail: (challenge: SmsOtpChallenge, status: number) => void;
  /** @internal */
  declare readonly error: (error: Error) => void;

  /** @param verify decides about users whose code was right. Nest's `PassportStrategy` passes its `validate(user, info)`. */
  constructor(
    private readonly options: SmsOtpOptions<User>,
    private readonly verify?: SmsOtpVerify<User>,
  ) {}

  /** Called by Passport. */
  authenticate(request: Request): void {
    this.outcomeOf(request)
      .then((outcome) => this.report(outcome))
      .catch((error: Error) => this.error(error));
  }

  private async outcomeOf(request: Request): Promise<Outcome<User>> {
    const user = await this.options.user(request);
    if (!user) return { code: 'sign-in-required' };
    const { requestId, otpCode } = (request.body ?? {}) as Record<string, unknown>;
    return otpCode === undefined ? this.send(user, request) : this.check(user, request, requestId, otpCode);
  }

  private async send(user: User, request: Request): Promise<SmsOtpChallenge> {
    const phoneNumber = await this.options.phoneNumberOf(user);
    if (!phoneNumber) return { code: 'unknown-factor' };
    const epoch = (await this.options.epochOf?.(user)) ?? null;
    const start = () => this.start(user, request, phoneNumber, epoch);
    let result = await start();
    if (result.ok && result.request.context?.['epoch'] !== epoch) {
      // It was asked for before the user's factors changed, so its code would be rejected.
      await this.options.verifications.cancelAllOf(user.id);
      result = await start();
    }
    if (!result.ok) return challengeOf(result);
    const { id, phoneCountry, phoneLastDigits } = result.request;
    return { code: 'code-sent', requestId: id, phoneNumber: maskPhoneNumber(phoneCountry, phoneLastDigits) };
  }

  private start(
    user: User,
    request: Request,
    phoneNumber: string,
    epoch: string | number | null,
  ): Promise<VerificationResult> {
    return this.options.verifications.start({
      phoneNumber,
      locale: preferredLanguages(request),
      purpose: this.purpose,
      confirmed: true,
      caller: this.callerOf(user, request),
      context: { epoch },
    });
  }

  private async check(
    user: User,
    request: Request,
    requestId: unknown,
    code: unknown,
  ): Promise<Outcome<User>> {
    if (typeof requestId !== 'string' || typeof code !== 'string') return { code: 'invalid-input' };
    if (!isUUID(requestId)) return { code: 'unknown-request' };
    const on = { requestId, purpose: this.purpose, caller: this.callerOf(user, request) };
    const before = await this.options.verifications.find(on);
    if (!before.ok) return challengeOf(before);
    if (!(await this.isCurrent(user, before.request))) return { code: 'cancelled', requestId };
    const result = await this.options.verifications.check({ ...on, code });
    if (!result.ok) return challengeOf(result);
    // The host may have changed the number while the provider checked the code.
    if (!(await this.isCurrent(user, result.request))) return { code: 'cancelled', requestId };
    return { user, info: { method: 'sms', requestId } };
  }

  /** Whether the code went to the number that is the user's factor now, under the present epoch. */
  private async isCurrent(user: User, request: VerificationRecord): Promise<boolean> {
    const now = await this.options.phoneNumberOf(user);
    const sentTo = request.sealedNumber && this.options.verifications.phoneNumberOf(request).e164;
    const epoch = (await this.options.epochOf?.(user)) ?? null;
    return (
      Boolean(now) && PhoneNumber.read(now).phone?.e164 === sentTo && request.context?.['epoch'] === epoch
    );
  }

  private callerOf(user: User, request: Request): Caller {
    return {
      ...originOf(request),
      userId: user.id,
      sessionId: this.options.sessionOf?.(request) ?? null,
    };
  }

  private report(outcome: Outcome<User>): void {
    if ('code' in outcome) return this.fail(outcome, STATUSES[outcome.code]);
    const { user, info } = outcome;
    if (!this.verify) return this.success(user, info);
    this.verify(user, info, (error, accepted) => {
      if (error) this.error(error as Error);
      else if (accepted) this.success(accepted, info);
      else this.fail({ code: 'sign-in-required' } satisfies SmsOtpChallenge, STATUSES['sign-in-required']);
    });
  }

  private get purpose(): string {
    return this.options.purpose ?? SECOND_FACTOR;
  }
}

/** @throws Problem `provider-unavailable` (503), because the user cannot do anything about it */
function challengeOf({ code, request, retryAfterSeconds }: VerificationFailure): SmsOtpChallenge {
  const more = { requestId: request?.id, retryAfterSeconds };
  if (code === 'provider-unavailable') throw new Problem(code, VERIFICATION_ERRORS[code], more);
  if (code !== 'wrong-code' || !request) return { code, ...more };
  return { code, ...more, attemptsRemaining: Math.max(0, request.maxAttempts - request.attempts) };
}
