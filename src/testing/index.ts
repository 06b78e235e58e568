export type { ContractCase } from './contract.js';
export { type FakeMessage, FakeVerificationProvider } from './fake-verification-provider.js';
export {
  describeMessageSenderContract,
  MESSAGE_SENDER_CASES,
  type SenderUnderTest,
} from './message-sender-contract.js';
export { describeProviderContract, PROVIDER_CASES, type ProviderUnderTest } from './provider-contract.js';
export {
  describeSessionsContract,
  SESSION_CASES,
  type SessionClient,
  type SessionsUnderTest,
} from './sessions-contract.js';
