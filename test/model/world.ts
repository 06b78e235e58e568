import { PersonalDataCipher } from '../../src/crypto/index.js';
import { VerificationReconciler } from '../../src/index.js';
import { freshNumber, wrongCode } from '../support/application.js';
import { sealEverything } from '../support/seal.js';
import type { Answer } from '../support/client.js';
import type { Instances } from './instances.js';
import type { ProviderTruth } from './provider-truth.js';
import type { Death, Expected } from './rules.js';
import type { FaultKind, FaultyOperation, ProviderState } from './state.js';

/** `otp-caller` of the two callers. */
const COOKIES = ['A', 'B'].map((letter) => ({ Cookie: `otp-caller=${letter.repeat(22)}` }));

const COLUMNS_OF_TIME = [
  'send_lease_until',
  'lease_until',
  'sent_at',
  'resend_available_at',
  'expires_at',
  'created_at',
];

/** One sequence's surroundings: its numbers in the application, at the provider and in the database. */
export class World {
  readonly phones: { e164: string; fingerprint: Buffer }[];
  /** 200 for a code, by request. */
  readonly acceptances = new Map<string, number>();
  /** Wrong codes that an instance took with it when it died, by number. */
  readonly diedWith: number[];
  private offset = 0;

  constructor(
    readonly instances: Instances,
    private readonly truth: ProviderTruth,
    numbers: number,
  ) {
    // The clock, faults and messages of the sequence before are nobody's business.
    instances.application.sandbox.reset();
    const cipher = instances.application.app.get(PersonalDataCipher);
    this.phones = Array.from({ length: numbers }, () => {
      const e164 = freshNumber();
      return { e164, fingerprint: cipher.fingerprint('phone', e164) };
    });
    this.diedWith = this.phones.map(() => 0);
  }

  /** Seconds, by the clock that the provider and the rows of this sequence share. */
  now(): number {
    return Date.now() / 1000 + this.offset;
  }

  async call(path: string, body: object, caller: number, via: number): Promise<Answer> {
    return this.instances.at(via).client.json('POST', path, body, COOKIES[caller]);
  }

  async check(requestId: string, code: string, caller: number, via: number): Promise<Answer> {
    const answer = await this.call('/verify-otp', { requestId, otpCode: code }, caller, via);
    if (answer.status === 200) this.acceptances.set(requestId, (this.acceptances.get(requestId) ?? 0) + 1);
    return answer;
  }

  look(requestId: string, caller: number, via: number): Promise<Answer> {
    return this.instances
      .at(via)
      .client.json('GET', `/verifications/${requestId}`, undefined, COOKIES[caller]);
  }

  reconcile(via: number) {
    return this.instances.at(via).app.get(VerificationReconciler).runOnce();
  }

  /** What was typed: the code of the provider's request, or one that is as long. */
  code(number: number, providerId: string | null, right: boolean): string {
    const { e164 } = this.phones[number]!;
    const requests = this.truth.requestsOf(e164);
    const code = (requests.find(({ id }) => id === providerId) ?? requests.at(-1))?.code ?? '000000';
    return right ? code : wrongCode(code);
  }

  fault(number: number, operation: FaultyOperation, kind: FaultKind): Promise<void> {
    return this.instances.application.fault({ kind, operation, to: this.phones[number]!.e164 });
  }

  /** Does something on the second instance, and kills it while it asks the provider. */
  async killDuring(number: number, { at, afterEffect }: Death, act: () => Promise<unknown>): Promise<void> {
    const { sandbox, fault } = this.instances.application;
    await fault({ kind: 'black-hole', operation: at, to: this.phones[number]!.e164, afterEffect });
    const before = sandbox.calls()[at];
    const answer = act().then(
      () => 'an answer',
      () => null,
    );
    while (sandbox.calls()[at] === before) {
      if ((await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 2))])) === 'an answer')
        throw new Error('it was answered before the provider was asked');
    }
    await this.instances.kill();
    await answer;
  }

  /** Lets time pass everywhere: the clock of the provider goes on, and the rows of this sequence get older. */
  async pass(seconds: number): Promise<void> {
    this.offset += seconds;
    const { sql, advanceProvider } = this.instances.application;
    await advanceProvider(seconds);
    const earlier = (column: string) => `${column} = ${column} - make_interval(secs => $1)`;
    const fingerprints = this.phones.map(({ fingerprint }) => fingerprint);
    await sql.query(
      `WITH r AS (UPDATE otp_verification_requests SET ${COLUMNS_OF_TIME.map(earlier).join(', ')} WHERE phone_fingerprint = ANY($2))
       UPDATE otp_number_slots SET ${['live_until', 'wait_until'].map(earlier).join(', ')} WHERE phone_fingerprint = ANY($2)`,
      [seconds, fingerprints],
    );
  }

  messages(number: number) {
    return this.instances.application.sandbox.ledger(this.phones[number]!.e164);
  }

  /** The provider's own records. */
  atProvider(number: number) {
    this.messages(number);
    return this.truth.requestsOf(this.phones[number]!.e164);
  }

  /** Messages by the reference that came with their start: v2 only. */
  messagesByRequest(number: number): { id: string; count: number }[] {
    const counts = new Map<string, number>();
    for (const { plan, events } of this.atProvider(number)) {
      if (plan.clientRef) counts.set(plan.clientRef, (counts.get(plan.clientRef) ?? 0) + events.length);
    }
    return [...counts].map(([id, count]) => ({ id, count }));
  }

  /** Everything that has happened so far is sealed: from now on a change of it shows. */
  sealJournal(): Promise<void> {
    return sealEverything(this.instances.application);
  }

  /** Changes rows behind the application's back; `$1` are the fingerprints of the numbers. */
  async sabotage(sql: string): Promise<void> {
    await this.instances.application.sql.query(sql, [this.phones.map(({ fingerprint }) => fingerprint)]);
  }

  /** Faults that are still in waiting will not happen. */
  async clearFaults(): Promise<void> {
    await fetch(`${this.instances.application.sandbox.url}/faults`, { method: 'DELETE' });
  }

  /** What a sequence that failed has left must not disturb the next. */
  async bury(): Promise<void> {
    await this.sabotage(
      `UPDATE otp_verification_requests SET status = 'FAILED', send_lease_until = NULL WHERE phone_fingerprint = ANY($1)`,
    );
  }

  /** The same, as the model speaks of it. */
  providers(): ProviderState[] {
    const ends = {
      success: 'success',
      failed: 'failed',
      cancelled: 'cancelled',
      expired: 'expired',
    } as const;
    return this.phones.flatMap((_, number) =>
      this.atProvider(number).map((request) => ({
        id: request.id,
        number,
        startedAt: request.startedAt / 1000,
        endsAt: request.codeEndsAt / 1000,
        end:
          request.endedAt === null
            ? null
            : { how: ends[request.status as keyof typeof ends], at: request.endedAt / 1000 },
        wrong: request.wrongChecks,
      })),
    );
  }
}

/** An answer in the words of the rules. */
export function inWords({ status, body }: Answer): Expected {
  const left = body['attemptsRemaining'];
  if (status === 200) return `200 ${String(body['status'])}`;
  return `${status} ${String(body['code'])}${body['code'] === 'wrong-code' ? ` ${String(left)}` : ''}`;
}
