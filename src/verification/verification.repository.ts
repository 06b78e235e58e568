import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { Admission, AdmissionRule, Simulation, WeighedRule } from './domain/admission.js';
import type { EndReason } from './domain/lifecycle.js';
import type { Channel } from './domain/phone-number.js';
import type { VerificationPolicy } from './domain/policy.js';
import type { Actor } from './domain/verification-event.js';
import type { VerificationRecord } from './domain/verification-record.js';
import type { CheckChange, CheckClaim, Claim, NewVerification, ResendClaim } from './verification.changes.js';
import { VERIFICATION_POLICY } from './verification.options.js';
import type { Wait } from './verification.results.js';
import { StatementRunner } from './verification.statement-runner.js';

/** What a statement that decides returns: the request's columns are null when it was refused. */
type Admitted = Admission & (VerificationRecord | { id: null });

function admissionOf<Row extends VerificationRecord>(row: Admission & (Row | { id: null })) {
  const { outcome, refusedBy, retryAfter } = row;
  return { outcome, refusedBy, retryAfter, request: row.id === null ? null : (row as Row) };
}

/**
 * Requests in Postgres, one named statement a method, each its own transaction. `null` means that the row was not in
 * the state that the change leaves from: somebody else decided, or it never was. No method reads first and writes later.
 */
@Injectable()
export class VerificationRepository {
  private readonly limits: number[];
  /** How old a request that still lives can be, with a margin for instances that are configured otherwise. */
  private readonly longestLifeSeconds: number;

  constructor(
    private readonly statements: StatementRunner,
    @Inject(VERIFICATION_POLICY) policy: VerificationPolicy,
  ) {
    const { wrongCodesBeforeWait, wrongCodeWaitSeconds, wrongCodeMaxWaitSeconds, wrongCodesBeforeLock } =
      policy;
    this.longestLifeSeconds = Math.min(7200, policy.ttlSeconds * policy.maxSends + 600);
    this.limits = [wrongCodesBeforeWait, wrongCodeWaitSeconds, wrongCodeMaxWaitSeconds, wrongCodesBeforeLock];
  }

  /** @returns the new request, if the rules admit it, and in any case what they said */
  async start(
    request: NewVerification,
    rules: readonly AdmissionRule[],
  ): Promise<Admission & { request: VerificationRecord | null }> {
    const row = await this.one<Admitted>('start', [
      request.id,
      request.purpose,
      request.channel,
      request.sealedPhoneNumber,
      request.phoneFingerprint,
      request.phoneCountry,
      request.phoneLastDigits,
      request.confirmedFor,
      request.userId,
      request.callerFingerprint,
      request.callerBound,
      request.locale,
      request.codeLength,
      request.maxAttempts,
      request.ttlSeconds,
      request.provider,
      request.sendLeaseSeconds,
      uuidv7(),
      JSON.stringify(rules),
      request.callerFingerprints,
      request.prefixFingerprint,
      request.callerAddress,
      request.callerAgent,
      request.userFingerprint,
      request.addressFingerprint,
      request.countedByCaller,
      request.proverFingerprint,
      request.context && JSON.stringify(request.context),
    ]);
    return admissionOf(row!);
  }

  /** What {@link start} would answer now; takes nothing. */
  async simulateStart(
    request: Pick<
      NewVerification,
      'phoneFingerprint' | 'confirmedFor' | 'userId' | 'callerFingerprints' | 'purpose'
    >,
    rules: readonly AdmissionRule[],
  ): Promise<Simulation> {
    const simulation = await this.one<Simulation>('simulateStart', [
      request.phoneFingerprint,
      request.confirmedFor,
      request.userId,
      request.callerFingerprints,
      request.purpose,
      JSON.stringify(rules),
    ]);
    return simulation!;
  }

  sent(id: string, providerRequestId: string, cooldownSeconds: number, actor: Actor) {
    return this.one('sent', [id, providerRequestId, cooldownSeconds, actor]);
  }

  /** @param ownSendLost an earlier send of this very request may have reached the provider */
  adopt(id: string, providerRequestId: string, ownSendLost: boolean, cooldownSeconds: number, actor: Actor) {
    return this.one('adopt', [id, providerRequestId, ownSendLost, cooldownSeconds, actor]);
  }

  /** @param givesBack the scopes of limits that get back what the message has taken */
  failSend(
    id: string,
    reason: EndReason,
    actor: Actor,
    providerStatus: string,
    givesBack: readonly string[] = [],
  ) {
    return this.one('failSend', [id, reason, actor, providerStatus, givesBack]);
  }

  /** Gives back what the last message has taken, for these scopes; once. */
  async giveBack(id: string, scopes: readonly string[]): Promise<void> {
    await this.statements.all('giveBack', [id, scopes]);
  }

  /** Writes down why a check or a further message was refused. @param requestId null when the caller may not know of any */
  async recordRefusal(action: 'check' | 'resend', rule: string, requestId: string | null): Promise<void> {
    const rules: WeighedRule[] = [{ rule, outcome: 'refuse' }];
    await this.statements.all('recordDecision', [
      uuidv7(),
      action,
      'refused',
      rule,
      requestId,
      JSON.stringify(rules),
    ]);
  }

  sendUnknown(id: string, actor: Actor, providerStatus: string) {
    return this.one('sendUnknown', [id, actor, providerStatus]);
  }

  claimSend(id: string, leaseSeconds: number) {
    return this.one('claimSend', [id, leaseSeconds]);
  }

  findInTheWay(id: string, providerRequestId: string) {
    return this.one('findInTheWay', [id, providerRequestId]);
  }

  supersede(id: string) {
    return this.one('supersede', [id, ...this.limits]);
  }

  claimLostSend(leaseSeconds: number) {
    return this.one('claimLostSend', [leaseSeconds, this.longestLifeSeconds]);
  }

  claimLostResend(leaseSeconds: number, token: string) {
    return this.one<ResendClaim>('claimLostResend', [leaseSeconds, token, this.longestLifeSeconds]);
  }

  /** @returns how many requests were found over; 500 at most: then there may be more */
  async sweep(createdWithinSeconds: number): Promise<number> {
    const values = [createdWithinSeconds, ...this.limits];
    return (await this.statements.all('sweep', values)).length;
  }

  /** @param evenInDoubt also when it is not known what became of the check before */
  claimCheck(claim: CheckClaim, evenInDoubt: boolean) {
    return this.one('claimCheck', [
      claim.id,
      claim.token,
      claim.callerFingerprints,
      claim.leaseSeconds,
      claim.purpose,
      evenInDoubt,
      uuidv7(),
      claim.codeFingerprint,
      claim.proverFingerprints,
    ]);
  }

  /**
   * Takes the success that a late verdict has brought, once.
   * @param codeFingerprints of the code that is repeated and of who repeats it, under every key
   * @returns null when the verdict belongs to another code, session or caller, or was taken already
   */
  acceptLateVerdict(
    { id, purpose, callerFingerprints, proverFingerprints }: CheckClaim,
    codeFingerprints: Buffer[],
  ) {
    const values = [id, purpose, codeFingerprints, callerFingerprints, proverFingerprints];
    return this.one('acceptLateVerdict', values);
  }

  finishCheck({ id, userId }: { id: string; userId: string | null }, token: string, change: CheckChange) {
    return this.one(userId === null ? 'finishCheck' : 'finishCheckOfUser', [
      id,
      token,
      change.to,
      change.reason ?? null,
      change.giveAttemptBack ? 1 : 0,
      change.inDoubt ?? false,
      change.event,
      change.actor ?? 'caller',
      change.providerStatus,
      change.cost?.amount ?? null,
      change.cost?.currency ?? null,
      ...this.limits,
      change.doubtAbout ?? null,
    ]);
  }

  /**
   * Takes one request whose check was never answered, to find out.
   * @param canAsk the provider can be asked; otherwise only those of which its webhook has told
   */
  claimDoubt(token: string, leaseSeconds: number, canAsk: boolean, id: string | null = null) {
    return this.one('claimDoubt', [token, leaseSeconds, canAsk, id, this.longestLifeSeconds]);
  }

  keepDoubt(id: string, token: string, againInSeconds: number) {
    return this.one('keepDoubt', [id, token, againInSeconds]);
  }

  /** @returns null when the request is in no state for it; without a request: the rule that refused */
  async claimResend(
    { id, token, callerFingerprints, leaseSeconds, purpose }: Claim,
    maxSends: number,
    channel: Channel | null,
    rules: readonly AdmissionRule[],
  ): Promise<(Admission & { request: ResendClaim | null }) | null> {
    const row = await this.one<Admitted & ResendClaim>('claimResend', [
      id,
      token,
      callerFingerprints,
      leaseSeconds,
      purpose,
      maxSends,
      channel,
      JSON.stringify(rules),
      uuidv7(),
    ]);
    return row && admissionOf(row);
  }

  finishResend(
    id: string,
    token: string,
    sent: {
      providerRequestId: string;
      ttlSeconds: number;
      cooldownSeconds: number;
      actor: Actor;
      providerStatus: string;
    },
  ) {
    return this.one('finishResend', [
      id,
      token,
      sent.providerRequestId,
      sent.ttlSeconds,
      sent.cooldownSeconds,
      sent.actor,
      sent.providerStatus,
      ...this.limits,
    ]);
  }

  abandonResend(
    { id, previousChannel }: ResendClaim,
    token: string,
    why: {
      outcomeUnknown: boolean;
      waitSeconds: number;
      actor: Actor;
      providerStatus: string;
      /** The scopes of limits that get back what the message has taken; never when nobody knows whether it went out. */
      givesBack: readonly string[];
    },
  ) {
    return this.one('abandonResend', [
      id,
      token,
      why.outcomeUnknown,
      why.waitSeconds,
      previousChannel,
      why.actor,
      why.providerStatus,
      ...this.limits,
      why.outcomeUnknown ? [] : why.givesBack,
    ]);
  }

  cancel({
    id,
    purpose,
    callerFingerprints,
    proverFingerprints,
  }: Pick<CheckClaim, 'id' | 'purpose' | 'callerFingerprints' | 'proverFingerprints'>) {
    return this.one('cancel', [
      id,
      'cancelled-by-caller',
      ...this.limits,
      purpose,
      callerFingerprints,
      proverFingerprints,
    ]);
  }

  /** Ends one live request of a user whose factors have changed. */
  cancelForUser(id: string, userId: string) {
    return this.one('cancelForUser', [id, 'factors-changed', ...this.limits, userId]);
  }

  /** @returns the ids of the user's live requests */
  async findLiveOfUser(userId: string): Promise<string[]> {
    const values = [userId, this.longestLifeSeconds];
    return (await this.statements.all<{ id: string }>('findLiveOfUser', values)).map(({ id }) => id);
  }

  cancelByOperator(id: string) {
    return this.one('cancelByOperator', [id, 'cancelled-by-operator', ...this.limits]);
  }

  findById(id: string) {
    return this.one('findById', [id]);
  }

  findLive(phoneFingerprint: Buffer, confirmedFor: string) {
    return this.one('findLive', [phoneFingerprint, confirmedFor]);
  }

  findWait(phoneFingerprint: Buffer, confirmedFor: string, userId: string | null) {
    return this.statements.one<Wait>('findWait', [phoneFingerprint, confirmedFor, userId]);
  }

  findWaitOf(id: string) {
    return this.statements.one<Wait>('findWaitOf', [id]);
  }

  /** Forgets the wrong codes of a number. @returns whether there were any */
  async liftLock(phoneFingerprints: Buffer[]): Promise<boolean> {
    return (await this.statements.all('liftLock', [phoneFingerprints])).length > 0;
  }

  async liftLockOfUser(userId: string): Promise<boolean> {
    return (await this.statements.all('liftLockOfUser', [userId])).length > 0;
  }

  private one<Row = VerificationRecord>(...statement: Parameters<StatementRunner['one']>) {
    return this.statements.one<Row>(...statement);
  }
}
