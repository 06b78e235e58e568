import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CancelRepository } from '../cancel/cancel.repository.js';
import type { Channel, PhoneNumber } from '../domain/phone-number.js';
import { isCoolingDown, publicStatus, type VerificationRecord } from '../domain/verification-record.js';
import { VerificationProvider } from '../provider/verification-provider.js';
import { PhoneNumbers } from '../phone-numbers.js';
import { CallerFingerprints } from '../verification.callers.js';
import { APPLICATION_RULE, type Refusal, refusedByApplication } from '../interception.js';
import { DEFAULT_PURPOSE, type StartVerification } from '../verification.input.js';
import {
  MESSAGE_RULES,
  type ResolvedVerificationOptions,
  VERIFICATION_OPTIONS,
} from '../verification.options.js';
import { VerificationRepository } from '../verification.repository.js';
import {
  failure,
  refusalOf,
  type SimulatedStart,
  success,
  type RequestResult,
} from '../verification.results.js';
import { CountersRepository } from './counters.repository.js';
import { DeliveryService } from './delivery.service.js';
import { MessageLimits } from './message-limits.js';
import { type MessageRule, MessageRules } from './message-rules.js';
import { RequestDrafts } from './request-drafts.js';
import { decide, type StartDecision } from './start-decision.js';
import { type NewRequest, StartRepository } from './start.repository.js';

/** How long a repeated start waits for the first one's message to be out. */
const REJOIN_WAIT_MS = 2000;
const REJOIN_POLL_MS = 100;

/** Starts verification requests. */
@Injectable()
export class StartService {
  constructor(
    private readonly repository: StartRepository,
    private readonly limits: MessageLimits,
    private readonly counters: CountersRepository,
    private readonly delivery: DeliveryService,
    private readonly drafts: RequestDrafts,
    private readonly requests: VerificationRepository,
    private readonly cancels: CancelRepository,
    private readonly callers: CallerFingerprints,
    private readonly numbers: PhoneNumbers,
    private readonly provider: VerificationProvider,
    @Inject(MESSAGE_RULES) private readonly rules: MessageRules,
    @Inject(VERIFICATION_OPTIONS) private readonly options: ResolvedVerificationOptions,
  ) {}

  /**
   * Sends a code to a number. The same caller who repeats it while the request lives gets that request again, and no
   * further message: a refresh or a double click costs nothing.
   */
  async start(input: StartVerification): Promise<RequestResult> {
    const { phone, defect } = this.numbers.read(input.phoneNumber, input.country);
    if (!phone) return failure('invalid-phone-number', { numberDefect: defect });
    const numberDefect = phone.defectFor(input.channel ?? 'sms');
    if (numberDefect) {
      return failure('invalid-phone-number', {
        numberDefect,
        takesCalls: this.canSendBy('voice') && phone.canReceive('voice'),
      });
    }
    if (!this.canSendBy(input.channel ?? 'sms')) return failure('destination-rejected');
    const { brand } = input;
    if (brand !== undefined && !/^.{1,18}$/u.test(brand))
      throw new RangeError('brand must have 1 to 18 characters');
    const draft = await this.drafts.of(phone, input);
    const refusal = await this.askApplication(phone, input);
    if (refusal) return this.refuseForApplication(draft, refusal);
    const rules = await this.rulesFor(phone, input, draft);
    await this.counters.carryOver(rules);
    await this.recordWouldRefuse(draft, rules);

    // What prevented the start may be gone by the time it is read. Then another try can succeed.
    for (let tries = 0; tries < 3; tries += 1) {
      const shared = await this.limits.takeShared(rules);
      if (shared) {
        const { request, taken } = await this.repository.start(draft, rules);
        const charge = { rules, taken, shared };
        if (request) return this.delivery.send(request, phone.e164, { charge });
        await this.limits.giveBack(charge, 'everything');
      }
      const decision = await this.decideNow(draft, rules, input);
      if (decision.outcome === 'refused') return this.refuse(draft, decision);
      if (decision.outcome === 'joined') {
        const joined = await this.rejoin(decision.live!);
        return joined.ok ? { ...joined, isJoined: true } : joined;
      }
      if (decision.outcome === 'requested-elsewhere')
        return success({ ...decision.live!, requestedElsewhere: true });
      // One person wants one code at a time: the newest purpose and the newest session win.
      if (decision.outcome === 'replacing') await this.replace(decision.live!, input);
    }
    return failure('phone-busy', { retryAfterSeconds: 1 });
  }

  /** What {@link start} would decide now, with every rule. Takes nothing, records nothing, sends nothing. */
  async simulate(input: StartVerification): Promise<SimulatedStart> {
    const { phone } = this.numbers.read(input.phoneNumber, input.country);
    const { channel = 'sms' } = input;
    if (!phone?.canReceive(channel) || !this.canSendBy(channel)) {
      return {
        outcome: 'refused',
        code: phone?.canReceive(channel) ? 'destination-rejected' : 'invalid-phone-number',
        rule: null,
        retryAfterSeconds: null,
        rules: [],
      };
    }
    const refusal = await this.askApplication(phone, input);
    if (refusal)
      return {
        outcome: 'refused',
        code: 'refused-by-application',
        rule: APPLICATION_RULE,
        retryAfterSeconds: null,
        rules: [refusedByApplication(refusal)],
      };
    const draft = await this.drafts.of(phone, input);
    const decision = await this.decideNow(draft, await this.rulesFor(phone, input, draft), input);
    const { rule, code, retryAfterSeconds, rules } = decision;
    const outcome =
      decision.outcome === 'requested-elsewhere'
        ? 'joined'
        : decision.outcome === 'replacing'
          ? 'allowed'
          : decision.outcome;
    return { outcome, rule, code, retryAfterSeconds, rules };
  }

  private canSendBy(channel: Channel): boolean {
    return this.provider.channels.includes(channel);
  }

  private rulesFor(phone: PhoneNumber, { channel = 'sms', caller }: StartVerification, draft: NewRequest) {
    return this.rules.forMessage({ phone, channel, confirmed: draft.confirmedFor !== '', caller });
  }

  private async decideNow(
    draft: NewRequest,
    rules: readonly MessageRule[],
    { caller }: StartVerification,
  ): Promise<StartDecision> {
    const { phoneFingerprint, confirmedFor, userId, purpose } = draft;
    const situation = await this.repository.readSituation(phoneFingerprint, confirmedFor, userId);
    const results = await this.limits.evaluate(rules, situation.readAt);
    const { live } = situation;
    return decide(situation, results, {
      isTheirs: live !== null && this.callers.isFrom(caller, live),
      isSamePurpose: live?.purpose === purpose,
      isConfirmed: confirmedFor !== '',
      mayProve: live !== null && this.callers.mayProve(caller, live),
      isCoolingDown: live !== null && isCoolingDown(live),
      heldUntil: live && secondsAfter(live.sentAt ?? live.createdAt, this.provider.holdsSeconds),
    });
  }

  private askApplication(phone: PhoneNumber, input: StartVerification) {
    const { channel = 'sms', purpose = DEFAULT_PURPOSE, confirmed = false, caller, context = null } = input;
    const { e164: phoneNumber, country } = phone;
    return this.options.beforeStart?.({
      phoneNumber,
      country,
      channel,
      purpose,
      confirmed,
      caller,
      context,
    });
  }

  private async refuseForApplication(draft: NewRequest, refusal: Refusal): Promise<RequestResult> {
    await this.counters.record({
      action: 'start',
      outcome: 'refused',
      rule: APPLICATION_RULE,
      rules: [refusedByApplication(refusal)],
      requestId: null,
      ...this.drafts.recordOf(draft),
    });
    return failure('refused-by-application', { refusal, rule: APPLICATION_RULE });
  }

  private async refuse(draft: NewRequest, decision: StartDecision): Promise<RequestResult> {
    const { rule, code, retryAfterSeconds, rules, live } = decision;
    await this.counters.record({
      action: 'start',
      outcome: 'refused',
      rule: rule!,
      rules,
      requestId: live?.id ?? null,
      ...this.drafts.recordOf(draft),
    });
    return failure(code!, { rule: rule!, ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }) });
  }

  /** While a rule is tried out in `record` mode, what it would have refused is recorded. */
  private async recordWouldRefuse(draft: NewRequest, rules: readonly MessageRule[]): Promise<void> {
    const recorded = rules.filter(({ mode }) => mode === 'record');
    if (recorded.length === 0) return;
    const results = await this.limits.evaluate(recorded, new Date());
    const refusing = results.find(({ refuses }) => refuses);
    if (!refusing) return;
    await this.counters.record({
      action: 'start',
      outcome: 'would-refuse',
      rule: refusing.rule.rule,
      rules: results.map(({ evaluated }) => evaluated),
      ...this.drafts.recordOf(draft),
    });
  }

  private async replace(live: VerificationRecord, { caller }: StartVerification): Promise<void> {
    const cancelled = await this.cancels.cancel({
      id: live.id,
      purpose: live.purpose,
      callers: this.callers.of(caller),
      provers: live.proverFingerprint ? [live.proverFingerprint] : [],
    });
    if (cancelled) await this.delivery.release(cancelled);
  }

  /** The caller has a live request for the number already, and gets that. Waits a moment for its message to be out. */
  private async rejoin(live: VerificationRecord): Promise<RequestResult> {
    const giveUpAt = performance.now() + REJOIN_WAIT_MS;
    let request: VerificationRecord | null = live;
    while (request?.status === 'SENDING') {
      const isLost = request.sendLeaseUntil !== null && request.sendLeaseUntil <= request.readAt;
      const resumed = isLost && (await this.delivery.resume(request.id));
      if (resumed) return resumed;
      if (performance.now() >= giveUpAt) return success(request);
      await sleep(REJOIN_POLL_MS);
      request = await this.requests.findById(request.id);
    }
    if (!request) return failure('unknown-request');
    // The message that this call waited for did not go out. The next try starts afresh.
    if (request.status === 'FAILED') return failure('provider-unavailable', { retryAfterSeconds: 1 });
    return publicStatus(request) === 'PENDING' ? success(request) : refusalOf(request);
  }
}

const secondsAfter = (moment: Date, seconds: number) => new Date(moment.getTime() + seconds * 1000);
