export { type FakeMessage, FakeVerificationProvider } from './fake-verification-provider.js';
export { describeProviderContract, type ProviderUnderTest } from './provider-contract.js';
