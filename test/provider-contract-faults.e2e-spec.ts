import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckOutcome, StartRequest } from '../src/index.js';
import { FakeVerificationProvider, PROVIDER_CASES } from '../src/testing/index.js';
import { freshNumber } from './support/application.js';
import { contractOf } from './support/contract.js';

class Fake extends FakeVerificationProvider {
  protected codeOf(id: string): string | undefined {
    return this.messages.findLast(({ providerRequestId }) => providerRequestId === id)?.code;
  }
}

class AcceptsTwice extends Fake {
  private readonly accepted = new Set<string>();
  override async check(id: string, code: string): Promise<CheckOutcome> {
    if (this.accepted.has(id + code)) return { outcome: 'matched' };
    const answer = await super.check(id, code);
    if (answer.outcome === 'matched') this.accepted.add(id + code);
    return answer;
  }
}

class AcceptsAnyCode extends Fake {
  override check(id: string) {
    return super.check(id, this.codeOf(id) ?? '');
  }
}

class AcceptsAPart extends Fake {
  override check(id: string, code: string) {
    const right = this.codeOf(id);
    return super.check(id, right?.startsWith(code) ? right : code);
  }
}

class AcceptsTheCodeOfAnother extends Fake {
  override check(id: string, code: string) {
    const isAny = this.messages.some((message) => message.code === code);
    return super.check(id, isAny ? (this.codeOf(id) ?? '') : code);
  }
}

class SendsTwice extends Fake {
  override async start(request: StartRequest) {
    const answer = await super.start(request);
    if (answer.outcome === 'started') this.messages.push(this.messages.at(-1)!);
    return answer;
  }
}

class SendsAgainWhilePending extends Fake {
  override async start(request: StartRequest) {
    const answer = await super.start(request);
    if (answer.outcome === 'already-pending')
      this.messages.push(this.messages.findLast(({ to }) => to === request.phoneNumber)!);
    return answer;
  }
}

class NeverExpires extends Fake {
  override start(request: StartRequest) {
    return super.start({ ...request, ttlSeconds: 1e6 });
  }
}

class ExpiresEarly extends Fake {
  override start(request: StartRequest) {
    return super.start({ ...request, ttlSeconds: request.ttlSeconds / 5 });
  }
}

class ForgetsAttempts extends Fake {
  override async check(id: string, code: string): Promise<CheckOutcome> {
    const right = this.codeOf(id);
    return right !== undefined && right !== code ? { outcome: 'mismatched' } : super.check(id, code);
  }
}

class ForgetsAttemptsAtAStart extends Fake {
  private wrong = new Map<string, number>();
  override async start(request: StartRequest) {
    this.wrong.clear();
    return super.start(request);
  }
  override async check(id: string, code: string): Promise<CheckOutcome> {
    const right = this.codeOf(id);
    if (right === undefined || right === code) return super.check(id, code);
    this.wrong.set(id, (this.wrong.get(id) ?? 0) + 1);
    if (this.wrong.get(id)! < 3) return { outcome: 'mismatched' };
    await super.check(id, code);
    await super.check(id, code);
    return super.check(id, code);
  }
}

class TakesOneCodeOnly extends Fake {
  override async check(id: string, code: string): Promise<CheckOutcome> {
    const answer = await super.check(id, code);
    if (answer.outcome !== 'mismatched') return answer;
    await super.check(id, 'wrong');
    await super.check(id, 'wrong');
    return { outcome: 'exhausted' };
  }
}

class CancelsTooEarly extends Fake {
  override cancel(id: string) {
    this.advance(31);
    return super.cancel(id);
  }
}

class KeepsTheNumber extends Fake {
  private readonly seen = new Map<string, string>();
  override async start(request: StartRequest) {
    const providerRequestId = this.seen.get(request.phoneNumber);
    if (providerRequestId) return { outcome: 'already-pending' as const, providerRequestId };
    const answer = await super.start(request);
    if (answer.outcome === 'started') this.seen.set(request.phoneNumber, answer.providerRequestId);
    return answer;
  }
}

class SendsTheWrongLength extends Fake {
  override start(request: StartRequest) {
    return super.start({ ...request, codeLength: 6 });
  }
}

class SendsAlwaysTheSame extends Fake {
  override async start(request: StartRequest) {
    const answer = await super.start(request);
    const newest = this.messages.at(-1)!;
    if (answer.outcome === 'started') newest.code = '0'.repeat(request.codeLength);
    return answer;
  }
}

class Throws extends Fake {
  override async check(id: string, code: string): Promise<CheckOutcome> {
    const answer = await super.check(id, code);
    if (answer.outcome === 'gone') throw new Error('404');
    return answer;
  }
}

class ThrowsAtMalformedIds extends Fake {
  override next(id: string) {
    if (!id.startsWith('fake-') && !/^f+$/.test(id)) throw new Error('malformed');
    return super.next(id);
  }
}

class ClaimsToHaveSentMore extends Fake {
  override async next() {
    return { outcome: 'sent' as const };
  }
}

class ReadsBeforeItWrites extends Fake {
  override async check(id: string, code: string): Promise<CheckOutcome> {
    const isRight = this.codeOf(id) === code;
    await sleep(5);
    const answer = await super.check(id, code);
    return isRight && answer.outcome === 'gone' && !this.over.has(id) ? this.end(id) : answer;
  }
  private readonly over = new Set<string>();
  private end(id: string): CheckOutcome {
    setTimeout(() => this.over.add(id), 1);
    return { outcome: 'matched' };
  }
}

class StartsBeforeItLooks extends Fake {
  override async start(request: StartRequest) {
    const isBusy = this.messages.some(({ to }) => to === request.phoneNumber);
    await sleep(5);
    const answer = await super.start(request);
    if (!isBusy && answer.outcome === 'already-pending') this.messages.push(this.messages.at(-1)!);
    return answer;
  }
}

describe('the provider contract', () => {
  const failuresOf = (Provider: new () => Fake) =>
    contractOf(PROVIDER_CASES).failuresOf(() => {
      const provider = new Provider();
      return {
        provider,
        freshNumber,
        codeFor: async (phoneNumber) => provider.lastCode(phoneNumber),
        messagesTo: async (phoneNumber) => provider.messages.filter(({ to }) => to === phoneNumber).length,
        advance: async (seconds) => provider.advance(seconds),
      };
    });

  it('has nothing against a provider without a fault', async () => {
    expect(await failuresOf(Fake)).toEqual([]);
  });

  it.each([
    [AcceptsTwice, 'sends one message of the asked length and accepts its code once'],
    [AcceptsAnyCode, 'takes three wrong codes, then no right one'],
    [AcceptsAPart, 'does not accept a part of the code, or more than it'],
    [AcceptsTheCodeOfAnother, 'accepts the code of one request for no other'],
    [SendsTwice, 'sends one message of the asked length and accepts its code once'],
    [SendsAgainWhilePending, 'answers a second start with the request in flight, and sends nothing'],
    [NeverExpires, 'does not accept a code after its lifetime'],
    [ExpiresEarly, 'accepts a code shortly before the end of its lifetime'],
    [ForgetsAttempts, 'does not accept more guesses because they come at once'],
    [ForgetsAttemptsAtAStart, 'keeps count of wrong codes when it is asked to start again'],
    [TakesOneCodeOnly, 'still takes the right code after two wrong ones'],
    [CancelsTooEarly, 'cancels only after 30 seconds, and frees the number'],
    [KeepsTheNumber, 'frees the number when its code was accepted'],
    [SendsTheWrongLength, 'sends a code of four digits when it is asked for one'],
    [SendsAlwaysTheSame, 'sends every request another code'],
    [Throws, 'knows nothing of an id that it never gave'],
    [ThrowsAtMalformedIds, 'answers also when an id is malformed'],
    [ClaimsToHaveSentMore, 'has no further step after the only message'],
    [ReadsBeforeItWrites, 'accepts one of several equal codes that come at once'],
    [StartsBeforeItLooks, 'sends one message when several starts for a number come at once'],
  ])('catches a provider that %p', async (Provider, name) => {
    expect(await failuresOf(Provider)).toContain(name);
  });
});
