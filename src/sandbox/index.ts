export { type CallCounts } from './calls.js';
export { type Fault, FAULT_KINDS, type FaultKind } from './faults.js';
export { type LedgerEntry } from './ledger.js';
export { MAGIC_NUMBERS, type MagicNumber } from './magic-numbers.js';
export { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.js';
export { type WebhookDelivery } from './webhook-courier.js';
export { type WebhookTarget } from './webhooks.js';
