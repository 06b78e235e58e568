import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { PersonalDataCipher } from '../database/personal-data-cipher.js';
import { addressBucket } from '../http/index.js';
import type { AdmissionRule, AdmissionRules, Simulation } from './domain/admission.js';
import { type Caller, hasProver, identityOf } from './domain/caller.js';
import { type Channel, PhoneNumber } from './domain/phone-number.js';
import type { VerificationPolicy } from './domain/policy.js';
import { VerificationProvider } from './provider/verification-provider.js';
import { isCoolingDown, type VerificationRecord } from './domain/verification-record.js';
import { CallerFingerprints } from './verification.callers.js';
import { DEFAULT_PURPOSE, type StartVerification } from './verification.input.js';
import { KeyRotator } from './verification.key-rotator.js';
import { ADMISSION, VERIFICATION_POLICY } from './verification.options.js';
import type { NewVerification } from './verification.changes.js';
import { VerificationRepository } from './verification.repository.js';
import {
  deciding,
  refusalOfRule,
  type SimulatedStart,
  type VerificationFailure,
} from './verification.results.js';
import { VerificationSender } from './verification.sender.js';

/** Of a browser's name for itself. */
const LONGEST_AGENT = 200;

/** Brings what is asked for into the shape in which it is decided on, and the decision back. */
@Injectable()
export class VerificationAdmission {
  constructor(
    private readonly repository: VerificationRepository,
    private readonly provider: VerificationProvider,
    private readonly sender: VerificationSender,
    private readonly cipher: PersonalDataCipher,
    private readonly keys: KeyRotator,
    private readonly callers: CallerFingerprints,
    @Inject(ADMISSION) private readonly admission: AdmissionRules,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  /** A request to be, and the rules that it has to pass. */
  async prepare(
    phone: PhoneNumber,
    input: StartVerification,
  ): Promise<{ request: NewVerification; rules: AdmissionRule[] }> {
    const { channel = 'sms', caller } = input;
    const id = uuidv7();
    const asked = await this.asked(phone, input);
    const address = caller.address ? addressBucket(caller.address) : null;
    const request = {
      ...asked,
      id,
      channel,
      sealedPhoneNumber: this.cipher.seal(phone.e164, 'verification_requests.phone_number', id),
      phoneCountry: phone.country,
      phoneLastDigits: phone.lastDigits,
      callerFingerprint: asked.callerFingerprints[0],
      callerBound: identityOf(caller).bound,
      proverFingerprint: hasProver(caller) ? this.callers.ofProvers(caller)[0]! : null,
      context: input.context ?? null,
      prefixFingerprint: this.cipher.fingerprint('limit', `prefix ${phone.prefix}`),
      callerAddress: address,
      countedByCaller: input.callerCountsWrongCodes ?? false,
      userFingerprint: asked.userId === null ? null : this.cipher.userFingerprints(asked.userId)[0],
      addressFingerprint: address === null ? null : this.cipher.addressFingerprints(address)[0],
      callerAgent: caller.userAgent?.slice(0, LONGEST_AGENT) ?? null,
      locale: input.locale ?? null,
      codeLength: this.policy.codeLength,
      maxAttempts: this.policy.maxAttempts,
      ttlSeconds: this.policy.ttlSeconds,
      provider: this.provider.name,
      sendLeaseSeconds: this.sender.leaseSeconds,
    };
    return { request, rules: this.rulesFor(phone, channel, asked.confirmedFor, caller) };
  }

  async simulate(input: StartVerification): Promise<SimulatedStart> {
    const { channel = 'sms', caller } = input;
    const phone = PhoneNumber.tryParse(input.phoneNumber, input.country);
    if (!phone?.canReceive(channel)) {
      const code = 'invalid-phone-number';
      return { outcome: 'refused', code, rule: null, retryAfterSeconds: null, rules: [] };
    }
    const asked = await this.asked(phone, input);
    const rules = this.rulesFor(phone, channel, asked.confirmedFor, caller);
    const simulation = await this.simulated(asked, rules, caller);
    const { outcome, refusedBy: rule } = simulation;
    const refusal = outcome === 'refused' ? refusalOfRule(simulation, rules) : null;
    return {
      // A request of another purpose gives way, since no rule refuses the start.
      outcome: outcome === 'replacing' ? 'allowed' : outcome,
      rule,
      code: refusal?.code ?? null,
      retryAfterSeconds: refusal?.retryAfterSeconds ?? null,
      rules: simulation.rules,
    };
  }

  private async simulated(
    asked: Parameters<VerificationRepository['simulateStart']>[0],
    rules: AdmissionRule[],
    caller: Caller,
  ): Promise<Simulation> {
    const simulation = await this.repository.simulateStart(asked, rules);
    if (simulation.outcome !== 'joined') return simulation;
    const live = await this.repository.findLive(asked.phoneFingerprint, asked.confirmedFor);
    if (!live || this.callers.mayProve(caller, live) || isCoolingDown(live)) return simulation;
    // What another session of the user asked for makes way, as a request of another purpose does.
    return this.repository.simulateStart({ ...asked, purpose: '' }, rules);
  }

  /** The rules that a further message of a request has to pass. */
  rulesForResend(
    request: VerificationRecord,
    { channel = request.channel, caller }: { channel?: Channel; caller: Caller },
  ): AdmissionRule[] {
    // Erased: it is over, and the claim will say so.
    if (request.phoneNumber === null) return [];
    const phone = PhoneNumber.fromE164(
      this.cipher.open(request.phoneNumber, 'verification_requests.phone_number', request.id),
    );
    // Whoever resends without naming the user resends for the user who started it.
    const known = { ...caller, userId: caller.userId ?? request.userId };
    return this.rulesFor(phone, channel, request.confirmedFor, known);
  }

  /** Writes a refusal into the record of decisions, except for requests that do not exist: anybody can make up their ids. */
  async refused(action: 'check' | 'resend', refusal: VerificationFailure): Promise<VerificationFailure> {
    if (refusal.code === 'unknown-request') return refusal;
    await this.repository.recordRefusal(action, deciding(refusal), refusal.request?.id ?? null);
    return refusal;
  }

  private rulesFor(phone: PhoneNumber, channel: Channel, confirmedFor: string, caller: Caller) {
    return this.admission.forMessage({ phone, channel, confirmed: confirmedFor !== '', caller });
  }

  /** Who asks, for which number: what decides on a start besides the rules. */
  private async asked(
    phone: PhoneNumber,
    { confirmed, caller, purpose = DEFAULT_PURPOSE }: StartVerification,
  ) {
    const [phoneFingerprint, ...older] = this.cipher.fingerprints('phone', phone.e164);
    // Only while a fingerprint key is being replaced: what the number did under the old key counts under the new one.
    if (older.length > 0) await this.keys.carryOver(phoneFingerprint, older);
    return {
      purpose,
      phoneFingerprint,
      confirmedFor: (confirmed && caller.userId) || '',
      userId: caller.userId ?? null,
      callerFingerprints: this.callers.of(caller),
    };
  }
}
