import { Inject, Injectable } from '@nestjs/common';
import {
  type Channel,
  failure,
  type StartVerification,
  type VerificationFailure,
  type VerificationResult,
  VerificationService,
} from '../../verification/index.js';
import type { FactorChange } from '../enrolment/factor-changes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { BoundRequests } from './bound-requests.js';
import type { EnrolledPhone } from './enrolled-phone.entity.js';
import { EnrolledPhones } from './enrolled-phones.service.js';

/** A number to enrol, the phone that it replaces, and the message that proves it. */
type NewPhone = { phoneNumber: string; label?: string; replaces?: string } & Pick<
  StartVerification,
  'country' | 'channel' | 'locale'
>;

/** The purpose of codes that prove a new number. */
const PURPOSE = 'phone-enrolment';

/**
 * Enrols a phone: a code is sent to a new number, and the number becomes a factor when the code is typed. Until then it
 * exists in its verification request only, so an enrolment that is given up leaves nothing behind.
 */
@Injectable()
export class PhoneEnrolment {
  constructor(
    private readonly phones: EnrolledPhones,
    private readonly requests: BoundRequests,
    private readonly verifications: VerificationService,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /**
   * Sends a code to a new number.
   * @throws Problem `too-many-factors`; `number-enrolled` when the user has it already
   */
  async start(
    caller: SignedInCaller,
    { phoneNumber, country, label = '', replaces, ...message }: NewPhone,
  ): Promise<VerificationResult> {
    const kept = (await this.phones.ofUser(caller.userId)).filter(({ id }) => id !== replaces);
    if (kept.length >= this.options.maxPhones) throw twoFactorProblem('too-many-factors');
    const { phone, defect } = this.verifications.readNumber(phoneNumber, country);
    if (!phone) return failure('invalid-phone-number', { numberDefect: defect });
    if (await this.phones.hasNumber(caller.userId, phone)) throw twoFactorProblem('number-enrolled');
    return this.requests.start(caller, {
      ...message,
      phoneNumber: phone,
      phoneId: null,
      label,
      purpose: PURPOSE,
    });
  }

  /** The request, for a reload of its page. */
  find(caller: SignedInCaller, requestId: string): Promise<VerificationResult> {
    return this.requests.find(caller, { requestId, purpose: PURPOSE });
  }

  /** Sends a code to the number of an enrolment that is over. */
  async restart(
    caller: SignedInCaller,
    { requestId, channel, replaces }: { requestId: string; channel?: Channel; replaces?: string },
  ): Promise<VerificationResult> {
    const found = await this.find(caller, requestId);
    if (!found.ok) return found;
    const { request } = found;
    if (request.sealedNumber === null) return failure('unknown-request');
    return this.start(caller, {
      phoneNumber: this.verifications.phoneNumberOf(request).e164,
      channel: channel ?? request.channel,
      locale: request.locale ?? undefined,
      label: String(request.context?.['label'] ?? ''),
      replaces,
    });
  }

  /** Sends a new code for the same request. */
  resend(caller: SignedInCaller, on: { requestId: string; channel?: Channel }): Promise<VerificationResult> {
    return this.requests.resend(caller, { ...on, purpose: PURPOSE });
  }

  /**
   * Checks the code, and makes the number a factor.
   * @param proof.label the name that the user gave it; defaults to the one at the start
   * @param proof.replaces the phone that the number replaces
   * @throws Problem as {@link EnrolledPhones.add}. When there is no phone to replace, the code is not spent.
   */
  async finish(
    caller: SignedInCaller,
    proof: { requestId: string; code: string; label?: string; replaces?: string },
  ): Promise<FactorChange<EnrolledPhone> | VerificationFailure> {
    const { requestId, code, replaces } = proof;
    if (replaces && !(await this.phones.has(caller.userId, replaces)))
      throw twoFactorProblem('unknown-factor');
    const result = await this.requests.check(caller, { requestId, code, purpose: PURPOSE });
    if (!result.ok) return result;
    const label = proof.label ?? String(result.request.context?.['label'] ?? '');
    return this.phones.add(caller, this.verifications.phoneNumberOf(result.request), { ...proof, label });
  }
}
