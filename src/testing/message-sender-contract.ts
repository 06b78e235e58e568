import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type {
  MessageSender,
  OutgoingMessage,
  SendOutcome,
} from '../verification/provider/message-sender/message-sender.js';
import type { ContractCase } from './contract.js';

/** What the contract needs of the gateway behind a sender. */
export interface SenderUnderTest {
  sender: MessageSender;
  /** A number (E.164) that works normally and was not used before. */
  freshNumber(): string;
  /** The texts that went to a number, oldest first. */
  textsTo(phoneNumber: string): Promise<string[]>;
  /** Makes the gateway refuse the next message with an error, or never answer it. */
  breakNext(how: 'refuses' | 'hangs'): void | Promise<void>;
  /** Whether the gateway sends a message once that it gets twice with the same idempotency key. */
  isIdempotent: boolean;
}

const WAIT_MS = 300;

const messageTo = (to: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  to,
  text: '012345 is your ACME code.',
  channel: 'sms',
  locale: 'en',
  idempotencyKey: randomUUID(),
  signal: AbortSignal.timeout(10_000),
  ...more,
});

/** What a sender did: its outcome, or what it threw. */
async function attempt(
  sender: MessageSender,
  message: OutgoingMessage,
): Promise<{ sent: SendOutcome | null; error: unknown }> {
  try {
    return { sent: await sender.send(message), error: null };
  } catch (error) {
    return { sent: null, error };
  }
}

/**
 * What every {@link MessageSender} must do. Run each case by the test runner that you use;
 * {@link describeMessageSenderContract} does so with Jest.
 */
export const MESSAGE_SENDER_CASES: readonly ContractCase<SenderUnderTest>[] = [
  {
    name: 'can send text messages',
    async run({ sender }) {
      assert.ok(sender.name, 'it has a name');
      assert.ok(sender.channels.includes('sms'));
    },
  },
  {
    name: 'sends one message, and says so',
    async run({ sender, freshNumber, textsTo }) {
      const message = messageTo(freshNumber());
      assert.deepEqual(await sender.send(message), { outcome: 'sent' });
      assert.deepEqual(await textsTo(message.to), [message.text]);
    },
  },
  {
    name: 'sends the text as it is: lines, leading zeros and every script',
    async run({ sender, freshNumber, textsTo }) {
      const text = '000123 ist dein „ÄCME“-Code. Код: 000123 🔑\n\n@shop.example #000123';
      const message = messageTo(freshNumber(), { text });
      await sender.send(message);
      assert.deepEqual(await textsTo(message.to), [text]);
    },
  },
  {
    name: 'sends different messages to one number',
    async run({ sender, freshNumber, textsTo }) {
      const to = freshNumber();
      await sender.send(messageTo(to, { text: 'first' }));
      await sender.send(messageTo(to, { text: 'second' }));
      assert.deepEqual(await textsTo(to), ['first', 'second']);
    },
  },
  {
    name: 'keeps messages apart that are sent at once',
    async run({ sender, freshNumber, textsTo }) {
      const messages = Array.from({ length: 5 }, (_, i) => messageTo(freshNumber(), { text: `text ${i}` }));
      await Promise.all(messages.map((message) => sender.send(message)));
      for (const { to, text } of messages) assert.deepEqual(await textsTo(to), [text]);
    },
  },
  {
    name: 'passes the idempotency key on, if the gateway takes one',
    async run({ sender, freshNumber, textsTo, isIdempotent }) {
      if (!isIdempotent) return;
      const message = messageTo(freshNumber());
      await sender.send(message);
      assert.deepEqual(await sender.send(message), { outcome: 'sent' });
      assert.deepEqual(await textsTo(message.to), [message.text]);
    },
  },
  {
    name: 'does not say that a message was sent which the gateway refused',
    async run({ sender, freshNumber, textsTo, breakNext }) {
      const message = messageTo(freshNumber());
      await breakNext('refuses');
      const { sent, error } = await attempt(sender, message);
      assert.ok(
        error !== null || ['rejected', 'not-sent'].includes(sent?.outcome ?? ''),
        'it says so, or throws',
      );
      assert.deepEqual(await textsTo(message.to), []);
      // The next one works again.
      assert.deepEqual(await sender.send(messageTo(message.to)), { outcome: 'sent' });
    },
  },
  {
    name: 'says nothing of the text or the number when the gateway refuses it',
    async run({ sender, freshNumber, breakNext }) {
      const message = messageTo(freshNumber());
      await breakNext('refuses');
      const { sent } = await attempt(sender, message);
      const detail = sent?.outcome === 'not-sent' ? sent.detail : '';
      assert.ok(
        !detail.includes('012345') && !detail.includes(message.to.slice(1)),
        'the detail goes to the log',
      );
    },
  },
  {
    name: 'gives up when nobody waits any more, and does not call that sent',
    async run({ sender, freshNumber, breakNext }) {
      await breakNext('hangs');
      const signal = AbortSignal.timeout(WAIT_MS);
      const answer = attempt(sender, messageTo(freshNumber(), { signal }));
      const tooLate = new Promise<'too late'>((resolve) => {
        setTimeout(() => resolve('too late'), WAIT_MS * 10).unref();
      });
      const outcome = await Promise.race([answer, tooLate]);
      assert.notEqual(outcome, 'too late', 'pass `signal` on');
      assert.equal(
        (outcome as { sent: SendOutcome | null }).sent,
        null,
        'throw: nobody knows whether it was sent',
      );
    },
  },
];

/**
 * {@link MESSAGE_SENDER_CASES} as Jest tests. Works with every test runner that has `describe`, `it` and `beforeAll` as
 * globals.
 */
export function describeMessageSenderContract(name: string, setUp: () => Promise<SenderUnderTest>): void {
  describe(`message sender contract: ${name}`, () => {
    let world: SenderUnderTest;
    beforeAll(async () => {
      world = await setUp();
    });
    for (const { name, run } of MESSAGE_SENDER_CASES) it(name, () => run(world));
  });
}
