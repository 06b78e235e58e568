import assert from 'node:assert/strict';
import type { ContractCase } from './contract.js';
import {
  countOf,
  outcomesOf,
  type ProviderUnderTest,
  request,
  startAt,
  started,
  wrong,
} from './provider-under-test.js';

/**
 * What every `VerificationProvider` must do. Run each case by the test runner that you use;
 * {@link describeProviderContract} does so with Jest.
 *
 * ```ts
 * import { test } from 'node:test';
 * for (const { name, run } of PROVIDER_CASES) test(name, () => run(world));
 * ```
 */
export const PROVIDER_CASES: readonly ContractCase<ProviderUnderTest>[] = [
  {
    name: 'sends one message of the asked length and accepts its code once',
    async run(world) {
      const { phoneNumber, id, code } = await started(world);
      assert.match(code, /^\d{6}$/);
      assert.equal((await world.provider.check(id, code)).outcome, 'matched');
      assert.deepEqual(await world.provider.check(id, code), { outcome: 'gone' });
      assert.equal(await world.messagesTo(phoneNumber), 1);
    },
  },
  {
    name: 'sends a code of four digits when it is asked for one',
    async run(world) {
      const { id, code } = await started(world, { codeLength: 4 });
      assert.match(code, /^\d{4}$/);
      assert.equal((await world.provider.check(id, code)).outcome, 'matched');
    },
  },
  {
    name: 'sends every request another code',
    async run(world) {
      const codes = [];
      for (let i = 0; i < 4; i += 1) codes.push((await started(world)).code);
      assert.notEqual(new Set(codes).size, 1, 'four requests had the same code');
    },
  },
  {
    name: 'answers a second start with the request in flight, and sends nothing',
    async run(world) {
      const { phoneNumber, id } = await started(world);
      assert.deepEqual(await world.provider.start(request(phoneNumber)), {
        outcome: 'already-pending',
        providerRequestId: id,
      });
      assert.equal(await world.messagesTo(phoneNumber), 1);
    },
  },
  {
    name: 'sends one message when several starts for a number come at once',
    async run(world) {
      const phoneNumber = world.freshNumber();
      const starts = Array.from({ length: 5 }, () => world.provider.start(request(phoneNumber)));
      assert.equal(countOf(await outcomesOf(starts), 'started'), 1);
      assert.equal(await world.messagesTo(phoneNumber), 1);
    },
  },
  {
    name: 'takes three wrong codes, then no right one',
    async run(world) {
      const { id, code } = await started(world);
      assert.deepEqual(await world.provider.check(id, wrong(code)), { outcome: 'mismatched' });
      assert.deepEqual(await world.provider.check(id, wrong(code)), { outcome: 'mismatched' });
      assert.deepEqual(await world.provider.check(id, wrong(code)), { outcome: 'exhausted' });
      assert.deepEqual(await world.provider.check(id, code), { outcome: 'gone' });
    },
  },
  {
    name: 'still takes the right code after two wrong ones',
    async run(world) {
      const { id, code } = await started(world);
      await world.provider.check(id, wrong(code));
      await world.provider.check(id, wrong(code));
      assert.equal((await world.provider.check(id, code)).outcome, 'matched');
    },
  },
  {
    name: 'keeps count of wrong codes when it is asked to start again',
    async run(world) {
      const { phoneNumber, id, code } = await started(world);
      await world.provider.check(id, wrong(code));
      await world.provider.check(id, wrong(code));
      await world.provider.start(request(phoneNumber));
      assert.deepEqual(await world.provider.check(id, wrong(code)), { outcome: 'exhausted' });
    },
  },
  {
    name: 'accepts one of several equal codes that come at once',
    async run(world) {
      const { id, code } = await started(world);
      const checks = Array.from({ length: 5 }, () => world.provider.check(id, code));
      assert.equal(countOf(await outcomesOf(checks), 'matched'), 1);
    },
  },
  {
    name: 'does not accept more guesses because they come at once',
    async run(world) {
      const { id, code } = await started(world);
      const checks = Array.from({ length: 8 }, () => world.provider.check(id, wrong(code)));
      const outcomes = await outcomesOf(checks);
      assert.ok(countOf(outcomes, 'mismatched') <= 2, `it answered ${outcomes.join()}`);
      assert.notEqual((await world.provider.check(id, code)).outcome, 'matched');
    },
  },
  {
    name: 'accepts the code of one request for no other',
    async run(world) {
      const [one, other] = [await started(world), await started(world)];
      // One in a million.
      const isCollision = one.code === other.code;
      const answer = await world.provider.check(one.id, other.code);
      assert.equal(answer.outcome, isCollision ? 'matched' : 'mismatched');
      assert.equal((await world.provider.check(other.id, other.code)).outcome, 'matched');
    },
  },
  {
    name: 'does not accept a part of the code, or more than it',
    async run(world) {
      const typed = [
        (code: string) => code.slice(0, 5),
        (code: string) => code.slice(1),
        (code: string) => `${code}0`,
        () => '',
      ];
      for (const change of typed) {
        const { id, code } = await started(world);
        assert.notEqual((await world.provider.check(id, change(code))).outcome, 'matched');
      }
    },
  },
  {
    name: 'does not accept a code after its lifetime',
    async run(world) {
      const { phoneNumber, id, code } = await started(world);
      await world.advance(301);
      assert.deepEqual(await world.provider.check(id, code), { outcome: 'gone' });
      await startAt(world, phoneNumber);
    },
  },
  {
    name: 'accepts a code shortly before the end of its lifetime',
    async run(world) {
      const { id, code } = await started(world);
      await world.advance(270);
      assert.equal((await world.provider.check(id, code)).outcome, 'matched');
    },
  },
  {
    name: 'frees the number when its code was accepted',
    async run(world) {
      const { phoneNumber, id, code } = await started(world);
      await world.provider.check(id, code);
      assert.notEqual(await startAt(world, phoneNumber), id);
      assert.equal(await world.messagesTo(phoneNumber), 2);
    },
  },
  {
    name: 'cancels only after 30 seconds, and frees the number',
    async run(world) {
      const { phoneNumber, id, code } = await started(world);
      assert.deepEqual(await world.provider.cancel(id), { outcome: 'too-early' });
      await world.advance(31);
      assert.deepEqual(await world.provider.cancel(id), { outcome: 'cancelled' });
      assert.deepEqual(await world.provider.cancel(id), { outcome: 'gone' });
      assert.deepEqual(await world.provider.check(id, code), { outcome: 'gone' });
      await startAt(world, phoneNumber);
      assert.equal(await world.messagesTo(phoneNumber), 2);
    },
  },
  {
    name: 'has no further step after the only message',
    async run(world) {
      const { phoneNumber, id } = await started(world);
      assert.deepEqual(await world.provider.next(id), { outcome: 'no-more' });
      assert.equal(await world.messagesTo(phoneNumber), 1);
    },
  },
  {
    name: 'knows nothing of an id that it never gave',
    async run(world) {
      const id = 'ffffffffffffffffffffffffffffffff';
      assert.deepEqual(await world.provider.check(id, '123456'), { outcome: 'gone' });
      assert.deepEqual(await world.provider.cancel(id), { outcome: 'gone' });
      assert.deepEqual(await world.provider.next(id), { outcome: 'gone' });
    },
  },
  {
    name: 'answers also when an id is malformed',
    async run({ provider }) {
      for (const id of ['', 'not-an-id', "' OR true --", '🙂'.repeat(50)]) {
        assert.notEqual((await provider.check(id, '123456')).outcome, 'matched');
        assert.notEqual((await provider.cancel(id)).outcome, 'cancelled');
        assert.notEqual((await provider.next(id)).outcome, 'sent');
      }
    },
  },
  {
    name: 'says of no request that it was verified before it was, if it can be asked',
    async run(world) {
      const { id, code } = await started(world);
      if (!world.provider.lookup) return;
      await world.provider.check(id, wrong(code));
      assert.notEqual((await world.provider.lookup(id)).outcome, 'verified');
      const unknown = 'ffffffffffffffffffffffffffffffff';
      assert.notEqual((await world.provider.lookup(unknown)).outcome, 'verified');
    },
  },
];

/**
 * {@link PROVIDER_CASES} as Jest tests. Works with every test runner that has `describe`, `it` and `beforeAll` as globals.
 */
export function describeProviderContract(name: string, setUp: () => Promise<ProviderUnderTest>): void {
  describe(`provider contract: ${name}`, () => {
    let world: ProviderUnderTest;
    beforeAll(async () => {
      world = await setUp();
    });
    for (const { name, run } of PROVIDER_CASES) it(name, () => run(world));
  });
}
