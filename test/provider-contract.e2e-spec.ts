import { type Sandbox, startSandbox } from '../src/sandbox/index.js';
import {
  describeProviderContract,
  FakeVerificationProvider,
} from '../src/verification/provider/testing/index.js';
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
  afterAll(() => sandbox.close());

  describeProviderContract(name, async () => {
    sandbox = await startSandbox({ port: 0 });
    const provider = new Provider({
      apiKey: 'k',
      apiSecret: 's',
      brand: 'ACME',
      timeoutMs: 2000,
      apiHost: sandbox.url,
    });
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
});
