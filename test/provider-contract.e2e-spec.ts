import { type Sandbox, startSandbox } from '../src/sandbox/index.js';
import { describeProviderContract, FakeVerificationProvider } from '../src/testing/index.js';
import { VonageV1Provider, VonageV2Provider } from '../src/verification/provider/vonage/index.js';
import { freshNumber } from './support/application.js';

describeProviderContract('the fake', async () => {
  const provider = new FakeVerificationProvider();
  return {
    provider,
    freshNumber,
    codeFor: async (phoneNumber) => provider.lastCode(phoneNumber),
    messagesTo: async (phoneNumber) => provider.messages.filter(({ to }) => to === phoneNumber).length,
    advance: async (seconds) => provider.advance(seconds),
  };
});

describe.each([
  ['Verify v1 at the sandbox', VonageV1Provider],
  ['Verify v2 at the sandbox', VonageV2Provider],
] as const)('%s', (name, Provider) => {
  let sandbox: Sandbox;
  let provider: InstanceType<typeof Provider>;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, requestsPerSecond: 0 });
    provider = new Provider({
      apiKey: 'k',
      apiSecret: 's',
      brand: 'ACME',
      timeoutMs: 2000,
      apiHost: sandbox.url,
    });
  });
  afterAll(() => sandbox.close());

  describeProviderContract(name, async () => {
    return {
      provider,
      freshNumber,
      codeFor: async (phoneNumber) => sandbox.ledger(phoneNumber).at(-1)!.code,
      messagesTo: async (phoneNumber) => sandbox.ledger(phoneNumber).length,
      advance: async (seconds) => {
        await fetch(`${sandbox.url}/clock`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ advanceSeconds: seconds }),
        });
      },
    };
  });

  it('names the brand of the request in its message, if the request has one', async () => {
    const texts = [];
    for (const brand of [undefined, 'Other Shop']) {
      const phoneNumber = freshNumber();
      await provider.start({
        phoneNumber,
        channel: 'sms',
        codeLength: 6,
        ttlSeconds: 300,
        clientReference: 'brand',
        ...(brand ? { brand } : {}),
      });
      texts.push(sandbox.ledger(phoneNumber)[0]!.text);
    }
    expect(texts).toEqual([expect.stringContaining('ACME'), expect.stringContaining('Other Shop')]);
  });
});
