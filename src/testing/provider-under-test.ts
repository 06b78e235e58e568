import assert from 'node:assert/strict';
import type { StartRequest, VerificationProvider } from '../verification/provider/verification-provider.js';

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

/** A start as every case makes it. */
export const request = (phoneNumber: string, more: Partial<StartRequest> = {}): StartRequest => ({
  phoneNumber,
  channel: 'sms',
  codeLength: 6,
  ttlSeconds: 300,
  clientReference: 'contract',
  ...more,
});

/** Starts a request, which must work. @returns the provider's id */
export async function startAt(
  { provider }: ProviderUnderTest,
  phoneNumber: string,
  more?: Partial<StartRequest>,
) {
  const outcome = await provider.start(request(phoneNumber, more));
  assert.equal(outcome.outcome, 'started', `start answered ${JSON.stringify(outcome)}`);
  return (outcome as { providerRequestId: string }).providerRequestId;
}

/** A number with a live request and its code. */
export async function started(world: ProviderUnderTest, more?: Partial<StartRequest>) {
  const phoneNumber = world.freshNumber();
  const id = await startAt(world, phoneNumber, more);
  return { phoneNumber, id, code: await world.codeFor(phoneNumber) };
}

/** The outcomes of calls that were made at once. */
export const outcomesOf = async (answers: Promise<{ outcome: string }>[]) =>
  (await Promise.all(answers)).map(({ outcome }) => outcome);

/** How many of the outcomes are this one. */
export const countOf = (outcomes: string[], outcome: string) =>
  outcomes.filter((each) => each === outcome).length;

/** A code of the same length that is not this one. */
export const wrong = (code: string) => code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));
