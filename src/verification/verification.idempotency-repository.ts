import { Injectable } from '@nestjs/common';
import { StatementRunner } from './verification.statement-runner.js';

/** What is kept of the first call with a key. */
export interface FirstCall {
  bodyFingerprint: Buffer;
  /** Null while it is under way. */
  answer: unknown;
}

/** The keys of repeated calls, and what was answered, for a day. */
@Injectable()
export class IdempotencyRepository {
  constructor(private readonly statements: StatementRunner) {}

  /** @returns false when another call with this key is under way or was answered */
  async claim(key: Buffer, body: Buffer, lockSeconds: number): Promise<boolean> {
    return (await this.statements.all('claimIdempotencyKey', [key, body, lockSeconds])).length > 0;
  }

  find(key: Buffer): Promise<FirstCall | null> {
    return this.statements.one('findIdempotencyKey', [key]);
  }

  async answer(key: Buffer, answer: object): Promise<void> {
    await this.statements.all('answerIdempotencyKey', [key, JSON.stringify(answer)]);
  }

  async release(key: Buffer): Promise<void> {
    await this.statements.all('releaseIdempotencyKey', [key]);
  }
}
