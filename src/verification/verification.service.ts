import { Injectable } from '@nestjs/common';
import { PersonalDataCipher } from '../crypto/index.js';
import { report, traced } from '../diagnostics/index.js';
import { CancelService } from './cancel/cancel.service.js';
import { CodeCheckService } from './check/check.service.js';
import type { Channel, NumberReading, PhoneNumber } from './domain/phone-number.js';
import type { VerificationRecord } from './domain/verification-record.js';
import { PhoneNumbers } from './phone-numbers.js';
import { RequestFinder } from './request-finder.js';
import { ResendService } from './resend/resend.service.js';
import { StartService } from './start/start.service.js';
import { idOf, type OnVerification, type StartVerification } from './verification.input.js';
import { VerificationRepository } from './verification.repository.js';
import {
  failure,
  type RequestResult,
  type SimulatedStart,
  success,
  type VerificationResult,
} from './verification.results.js';
import { WrongCodesRepository } from './check/wrong-codes.repository.js';

/**
 * Proves that somebody controls a phone number: the one service that applications call. Every method returns the request
 * or a failure; it throws only when the database is unavailable.
 */
@Injectable()
export class VerificationService {
  constructor(
    private readonly starts: StartService,
    private readonly checks: CodeCheckService,
    private readonly resends: ResendService,
    private readonly cancels: CancelService,
    private readonly finder: RequestFinder,
    private readonly repository: VerificationRepository,
    private readonly wrongCodes: WrongCodesRepository,
    private readonly numbers: PhoneNumbers,
    private readonly cipher: PersonalDataCipher,
  ) {}

  /** Sends a code to a number. Repeated by the same caller, it returns the live request and sends nothing. */
  start(input: StartVerification): Promise<VerificationResult> {
    return this.reported('start', () => this.starts.start(input));
  }

  /** What {@link start} would decide now, with every rule. Takes nothing, records nothing, sends nothing. */
  simulateStart(input: StartVerification): Promise<SimulatedStart> {
    return this.starts.simulate(input);
  }

  /** Checks a typed code. */
  async check(input: OnVerification & { code: string }): Promise<VerificationResult> {
    const result = await this.reported('check', () => this.checks.check(input));
    if (result.ok || result.code !== 'invalid-input') return result;
    const request = await this.finder.find(input);
    return request ? { ...result, request } : result;
  }

  /** Sends a new code for the same request, by the same channel or another. */
  async resend(input: OnVerification & { channel?: Channel }): Promise<VerificationResult> {
    return this.reported('resend', async () => {
      const request = await this.finder.find(input);
      return request ? this.resends.resend(request, input) : failure('unknown-request');
    });
  }

  /**
   * Sends a code to the number of a request that is over, by the rules of any start.
   * @param input.context what the new proof is bound to; the earlier one's is not taken over
   */
  async restart(
    input: OnVerification & Pick<StartVerification, 'channel' | 'locale' | 'context'>,
  ): Promise<VerificationResult> {
    const earlier = await this.finder.find(input);
    if (!earlier || earlier.sealedNumber === null) return failure('unknown-request');
    const { channel = earlier.channel, locale = earlier.locale ?? undefined } = input;
    const brand = earlier.brand ?? undefined;
    return this.start({ ...input, phoneNumber: this.numbers.of(earlier), channel, locale, brand });
  }

  /** Ends a request. */
  cancel(input: OnVerification): Promise<VerificationResult> {
    return this.reported('cancel', () => this.cancels.cancel(input));
  }

  /** Ends every live request of a user, whichever session asked for it: the user's factors have changed. */
  cancelAllOf(userId: string): Promise<void> {
    return this.cancels.cancelAllOf(userId);
  }

  /** Ends a request for an administrator, no matter who started it. */
  cancelByOperator(requestId: string): Promise<VerificationResult> {
    return this.withNumber(this.cancels.cancelByOperator(requestId));
  }

  /** The request as it is now, if this caller may know of it. */
  async find(input: OnVerification): Promise<VerificationResult> {
    const request = await this.finder.find(input);
    return this.withNumber(request ? success(request) : failure('unknown-request'));
  }

  /** The current state of any request, for administrators. Null if there is none. */
  findForOperator(requestId: string): Promise<VerificationRecord | null> {
    return this.repository.findById(idOf(requestId));
  }

  /** Reads a typed number as {@link start} does, with the module's default country. Sends nothing. */
  readNumber(phoneNumber: unknown, country?: string): NumberReading {
    return this.numbers.read(phoneNumber, country);
  }

  /**
   * The whole number of a request, for applications that keep a proven number.
   * @throws Error once the number is erased
   */
  phoneNumberOf(request: VerificationRecord): PhoneNumber {
    return this.numbers.of(request);
  }

  /**
   * Forgets the wrong codes of a number or a user, and with them its wait or lock.
   * @returns whether there were any
   */
  async liftLock(
    of: { phoneNumber: string | PhoneNumber; country?: string } | { userId: string },
  ): Promise<boolean> {
    if ('userId' in of) return this.wrongCodes.forgetOfUser(of.userId);
    const { phone } = this.numbers.read(of.phoneNumber, of.country);
    return phone !== null && this.wrongCodes.forgetOfNumber(this.cipher.fingerprints('phone', phone.e164));
  }

  private async reported(
    action: 'start' | 'check' | 'resend' | 'cancel',
    act: () => Promise<RequestResult>,
  ): Promise<VerificationResult> {
    const outcomeOf = (result: RequestResult) => (result.ok ? 'ok' : result.code);
    const result = await traced(
      `verification ${action}`,
      'internal',
      {},
      () => this.withNumber(act()),
      (ended) => ({ 'otp.outcome': outcomeOf(ended), 'otp.request_id': ended.request?.id ?? '' }),
    );
    const country = result.request?.phoneCountry ?? null;
    report({ type: 'call', action, outcome: outcomeOf(result), country });
    return result;
  }

  private async withNumber(given: RequestResult | Promise<RequestResult>): Promise<VerificationResult> {
    const result = await given;
    return result.ok ? { ...result, phoneNumber: () => this.numbers.e164Of(result.request) } : result;
  }
}
