import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingMessage, SendOutcome } from '../src/index.js';
import { describeMessageSenderContract, MESSAGE_SENDER_CASES } from '../src/testing/index.js';
import { freshNumber } from './support/application.js';
import { contractOf } from './support/contract.js';
import { startTextGateway, type TextGateway, TextGatewaySender } from './support/text-gateway.js';

class SaysSentWithoutSending extends TextGatewaySender {
  override async send(): Promise<SendOutcome> {
    return { outcome: 'sent' };
  }
}

class SendsEachTextTwice extends TextGatewaySender {
  override async send(message: OutgoingMessage) {
    await super.send(message);
    return super.send({ ...message, idempotencyKey: `${message.idempotencyKey} again` });
  }
}

class TidiesTheText extends TextGatewaySender {
  override send(message: OutgoingMessage) {
    return super.send({ ...message, text: message.text.replaceAll(/\s+/g, ' ') });
  }
}

class LosesLeadingZeros extends TextGatewaySender {
  override send(message: OutgoingMessage) {
    return super.send({ ...message, text: message.text.replace(/^0+/, '') });
  }
}

class MakesItsOwnKey extends TextGatewaySender {
  override send(message: OutgoingMessage) {
    return super.send({ ...message, idempotencyKey: String(Math.random()) });
  }
}

class HasOneKey extends TextGatewaySender {
  override send(message: OutgoingMessage) {
    return super.send({ ...message, idempotencyKey: 'the key' });
  }
}

class HidesRefusals extends TextGatewaySender {
  override async send(message: OutgoingMessage): Promise<SendOutcome> {
    await super.send(message).catch(() => null);
    return { outcome: 'sent' };
  }
}

class WaitsForEver extends TextGatewaySender {
  override send(message: OutgoingMessage) {
    return super.send({ ...message, signal: new AbortController().signal });
  }
}

class CallsATimeOutSent extends TextGatewaySender {
  override async send(message: OutgoingMessage): Promise<SendOutcome> {
    try {
      return await super.send(message);
    } catch (error) {
      if (message.signal.aborted) return { outcome: 'sent' };
      throw error;
    }
  }
}

class QuotesTheText extends TextGatewaySender {
  override async send(message: OutgoingMessage): Promise<SendOutcome> {
    try {
      return await super.send(message);
    } catch {
      return { outcome: 'not-sent', detail: `could not send "${message.text}"` };
    }
  }
}

class ReturnsNothing extends TextGatewaySender {
  override async send(message: OutgoingMessage): Promise<SendOutcome> {
    await super.send(message);
    return undefined as never;
  }
}

class SharesAField extends TextGatewaySender {
  private current: OutgoingMessage | null = null;
  override async send(message: OutgoingMessage) {
    this.current = message;
    await sleep(5);
    return super.send(this.current);
  }
}

class SendsNoTexts extends TextGatewaySender {
  override readonly channels = ['voice'] as const;
}

describe('the message sender contract', () => {
  let gateway: TextGateway;
  beforeAll(async () => {
    gateway = await startTextGateway({ isIdempotent: true });
  });
  afterAll(() => gateway.close());
  const worldOf = (sender: TextGatewaySender) => ({
    sender,
    freshNumber,
    textsTo: async (phoneNumber: string) => gateway.to(phoneNumber).map(({ text }) => text),
    breakNext: (how: 'refuses' | 'hangs') =>
      gateway.nextMood(how === 'hangs' ? { answersNever: true } : { status: 500 }),
    isIdempotent: true,
  });

  describeMessageSenderContract('a sender over HTTP', async () =>
    worldOf(new TextGatewaySender(gateway.url)),
  );

  it.each([
    [SaysSentWithoutSending, 'sends one message, and says so'],
    [SendsEachTextTwice, 'sends one message, and says so'],
    [TidiesTheText, 'sends the text as it is: lines, leading zeros and every script'],
    [LosesLeadingZeros, 'sends the text as it is: lines, leading zeros and every script'],
    [MakesItsOwnKey, 'passes the idempotency key on, if the gateway takes one'],
    [HasOneKey, 'sends different messages to one number'],
    [HidesRefusals, 'does not say that a message was sent which the gateway refused'],
    [WaitsForEver, 'gives up when nobody waits any more, and does not call that sent'],
    [CallsATimeOutSent, 'gives up when nobody waits any more, and does not call that sent'],
    [QuotesTheText, 'says nothing of the text or the number when the gateway refuses it'],
    [ReturnsNothing, 'sends one message, and says so'],
    [SharesAField, 'keeps messages apart that are sent at once'],
    [SendsNoTexts, 'can send text messages'],
  ])('catches a sender that %p', async (Sender, name) => {
    gateway.forgetMoods();
    const failures = await contractOf(MESSAGE_SENDER_CASES).failuresOf(() =>
      worldOf(new Sender(gateway.url)),
    );
    expect(failures).toContain(name);
  });
});
