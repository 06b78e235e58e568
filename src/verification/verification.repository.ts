import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { EndReason, Status } from './domain/lifecycle.js';
import type { Channel } from './domain/phone-number.js';
import type { VerificationRecord } from './domain/verification-record.js';
import { type StatementName, STATEMENTS } from './verification.statements.js';

export interface NewVerification {
  id: string;
  purpose: string;
  channel: Channel;
  sealedPhoneNumber: string;
  phoneFingerprint: Buffer;
  phoneCountry: string;
  phoneLastDigits: string;
  confirmedFor: string;
  userId: string | null;
  callerFingerprint: Buffer;
  callerBound: boolean;
  locale: string | null;
  codeLength: number;
  maxAttempts: number;
  ttlSeconds: number;
  provider: string;
  /** How long the provider may take to answer. */
  sendLeaseSeconds: number;
}

/** Who asks for what: a request answers to its purpose and, if it is bound, to its caller only. */
export interface Claim {
  id: string;
  purpose: string;
  callerFingerprint: Buffer;
  /** Names this check or resend; made by the caller of the method. */
  token: string;
  leaseSeconds: number;
}

/** A request taken for a further message by `channel`. */
export interface ResendClaim extends VerificationRecord {
  /** It is not known whether the message before went out. */
  earlierSendLost: boolean;
  /** Of the message before. */
  previousChannel: Channel;
}

/**
 * Requests in Postgres, one named statement a method, each its own transaction. `null` means that the row was not in
 * the state that the change leaves from: somebody else decided, or it never was. No method reads first and writes later.
 */
@Injectable()
export class VerificationRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  start(request: NewVerification): Promise<VerificationRecord | null> {
    return this.one('start', [
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
    ]);
  }

  sent(id: string, providerRequestId: string, cooldownSeconds: number) {
    return this.one('sent', [id, providerRequestId, cooldownSeconds]);
  }

  /** @param ownSendLost an earlier send of this very request may have reached the provider */
  adopt(id: string, providerRequestId: string, ownSendLost: boolean, cooldownSeconds: number) {
    return this.one('adopt', [id, providerRequestId, ownSendLost, cooldownSeconds]);
  }

  failSend(id: string, reason: EndReason) {
    return this.one('failSend', [id, reason]);
  }

  sendUnknown(id: string) {
    return this.one('sendUnknown', [id]);
  }

  claimSend(id: string, leaseSeconds: number) {
    return this.one('claimSend', [id, leaseSeconds]);
  }

  claimLostSend(leaseSeconds: number) {
    return this.one('claimLostSend', [leaseSeconds]);
  }

  claimLostResend(leaseSeconds: number, token: string) {
    return this.one<ResendClaim>('claimLostResend', [leaseSeconds, token]);
  }

  /** @returns false when another call with this key is under way or was answered */
  async claimIdempotencyKey(key: Buffer, body: Buffer, lockSeconds: number): Promise<boolean> {
    return (await this.run('claimIdempotencyKey', [key, body, lockSeconds])).length > 0;
  }

  findIdempotencyKey(key: Buffer) {
    return this.one<{ bodyFingerprint: Buffer; answer: unknown }>('findIdempotencyKey', [key]);
  }

  async answerIdempotencyKey(key: Buffer, answer: object): Promise<void> {
    await this.run('answerIdempotencyKey', [key, JSON.stringify(answer)]);
  }

  async releaseIdempotencyKey(key: Buffer): Promise<void> {
    await this.run('releaseIdempotencyKey', [key]);
  }

  async sweepIdempotencyKeys(): Promise<void> {
    await this.run('sweepIdempotencyKeys', []);
  }

  /** @returns how many requests were found over; 500 at most: then there may be more */
  async sweep(createdWithinSeconds: number): Promise<number> {
    return (await this.run('sweep', [createdWithinSeconds])).length;
  }

  claimCheck({ id, token, callerFingerprint, leaseSeconds, purpose }: Claim) {
    return this.one('claimCheck', [id, token, callerFingerprint, leaseSeconds, purpose]);
  }

  finishCheck(id: string, token: string, status: Status, reason: EndReason | null, giveAttemptBack: boolean) {
    return this.one('finishCheck', [id, token, status, reason, giveAttemptBack ? 1 : 0]);
  }

  claimResend(
    { id, token, callerFingerprint, leaseSeconds, purpose }: Claim,
    maxSends: number,
    channel: Channel | null,
  ) {
    return this.one<ResendClaim>('claimResend', [
      id,
      token,
      callerFingerprint,
      leaseSeconds,
      purpose,
      maxSends,
      channel,
    ]);
  }

  finishResend(
    id: string,
    token: string,
    sent: { providerRequestId: string; ttlSeconds: number; cooldownSeconds: number },
  ) {
    const { providerRequestId, ttlSeconds, cooldownSeconds } = sent;
    return this.one('finishResend', [id, token, providerRequestId, ttlSeconds, cooldownSeconds]);
  }

  abandonResend(
    { id, previousChannel }: ResendClaim,
    token: string,
    outcomeUnknown: boolean,
    waitSeconds: number,
  ) {
    return this.one('abandonResend', [id, token, outcomeUnknown, waitSeconds, previousChannel]);
  }

  cancel(id: string, callerFingerprint: Buffer, purpose: string) {
    return this.one('cancel', [id, callerFingerprint, purpose, 'cancelled-by-caller']);
  }

  findById(id: string) {
    return this.one('findById', [id]);
  }

  findLive(phoneFingerprint: Buffer, confirmedFor: string) {
    return this.one('findLive', [phoneFingerprint, confirmedFor]);
  }

  private async one<Row = VerificationRecord>(name: StatementName, values: unknown[]): Promise<Row | null> {
    return ((await this.run(name, values))[0] as Row | undefined) ?? null;
  }

  /** Prepared by name on TypeORM's own pool: its query() has no names, and they save 40 % of Postgres's time here. */
  private async run(name: StatementName, values: unknown[]): Promise<unknown[]> {
    const pool = (this.dataSource.driver as unknown as { master: Pool }).master;
    const result = await pool.query({ name: `verification.${name}`, text: STATEMENTS[name], values });
    return result.rows as unknown[];
  }
}
