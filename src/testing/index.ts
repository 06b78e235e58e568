export type { ContractCase } from './contract.js';
export { type FakeMessage, FakeVerificationProvider } from './fake-verification-provider.js';
export {
  describeMessageSenderContract,
  MESSAGE_SENDER_CASES,
  type SenderUnderTest,
} from './message-sender-contract.js';
export { describeProviderContract, PROVIDER_CASES } from './provider-contract.js';
export type { ProviderUnderTest } from './provider-under-test.js';
export {
  describeSessionsContract,
  SESSION_CASES,
  type SessionClient,
  type SessionsUnderTest,
} from './sessions-contract.js';
export { signInWithSms, type TestAgent, type TestAnswer, type TestUser } from './sign-in-with-sms.js';
export { TestClock } from './test-clock.js';
export { startTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.js';
