export type { ContractCase } from './contract.js';
export { type FakeMessage, FakeVerificationProvider } from './fake-verification-provider.js';
export { describeProviderContract, PROVIDER_CASES, type ProviderUnderTest } from './provider-contract.js';
