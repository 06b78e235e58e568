import type { VerificationProvider } from '../verification-provider.js';

/** What the contract needs of the world behind a provider. */
export interface ProviderUnderTest {
  provider: VerificationProvider;
  /** A number (E.164) that works normally and was not used before. */
  freshNumber(): string;
  /** The newest code that went to a number. */
  codeFor(phoneNumber: string): Promise<string>;
  /** How many messages went to a number. */
  messagesTo(phoneNumber: string): Promise<number>;
  /** Lets time pass on the provider's side. */
  advance(seconds: number): Promise<void>;
}

/**
 * What every {@link VerificationProvider} must do, as Jest tests: ours run it over v1, v2 and the fake; run it over
 * your own.
 */
export function describeProviderContract(name: string, setUp: () => Promise<ProviderUnderTest>): void {
  describe(`provider contract: ${name}`, () => {
    let world: ProviderUnderTest;
    const request = (phoneNumber: string) => ({
      phoneNumber,
      channel: 'sms' as const,
      codeLength: 6,
      ttlSeconds: 300,
      clientReference: 'contract',
    });
    const startAt = async (phoneNumber: string): Promise<string> => {
      const outcome = await world.provider.start(request(phoneNumber));
      if (outcome.outcome !== 'started') throw new Error(`start answered ${JSON.stringify(outcome)}`);
      return outcome.providerRequestId;
    };
    const wrong = (code: string) => code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));

    beforeAll(async () => {
      world = await setUp();
    });

    it('sends one message of the asked length and accepts its code once', async () => {
      const phoneNumber = world.freshNumber();
      const id = await startAt(phoneNumber);
      const code = await world.codeFor(phoneNumber);
      expect(code).toMatch(/^\d{6}$/);
      expect(await world.provider.check(id, code)).toMatchObject({ outcome: 'matched' });
      expect(await world.provider.check(id, code)).toEqual({ outcome: 'gone' });
      expect(await world.messagesTo(phoneNumber)).toBe(1);
    });

    it('answers a second start with the request in flight, and sends nothing', async () => {
      const phoneNumber = world.freshNumber();
      const id = await startAt(phoneNumber);
      expect(await world.provider.start(request(phoneNumber))).toEqual({
        outcome: 'already-pending',
        providerRequestId: id,
      });
      expect(await world.messagesTo(phoneNumber)).toBe(1);
    });

    it('takes three wrong codes, then no right one', async () => {
      const phoneNumber = world.freshNumber();
      const id = await startAt(phoneNumber);
      const code = await world.codeFor(phoneNumber);
      expect(await world.provider.check(id, wrong(code))).toEqual({ outcome: 'mismatched' });
      expect(await world.provider.check(id, wrong(code))).toEqual({ outcome: 'mismatched' });
      expect(await world.provider.check(id, wrong(code))).toEqual({ outcome: 'exhausted' });
      expect(await world.provider.check(id, code)).toEqual({ outcome: 'gone' });
    });

    it('does not accept a code after its lifetime', async () => {
      const phoneNumber = world.freshNumber();
      const id = await startAt(phoneNumber);
      const code = await world.codeFor(phoneNumber);
      await world.advance(301);
      expect(await world.provider.check(id, code)).toEqual({ outcome: 'gone' });
    });

    it('cancels only after 30 seconds, and frees the number', async () => {
      const phoneNumber = world.freshNumber();
      const id = await startAt(phoneNumber);
      expect(await world.provider.cancel(id)).toEqual({ outcome: 'too-early' });
      await world.advance(31);
      expect(await world.provider.cancel(id)).toEqual({ outcome: 'cancelled' });
      expect(await world.provider.cancel(id)).toEqual({ outcome: 'gone' });
      await startAt(phoneNumber);
      expect(await world.messagesTo(phoneNumber)).toBe(2);
    });

    it('has no further step after the only message', async () => {
      const id = await startAt(world.freshNumber());
      expect(await world.provider.next(id)).toEqual({ outcome: 'no-more' });
    });

    it('knows nothing of an id that it never gave', async () => {
      const id = 'ffffffffffffffffffffffffffffffff';
      expect(await world.provider.check(id, '123456')).toEqual({ outcome: 'gone' });
      expect(await world.provider.cancel(id)).toEqual({ outcome: 'gone' });
      expect(await world.provider.next(id)).toEqual({ outcome: 'gone' });
    });
  });
}
