export { type LedgerEntry } from './ledger.js';
export { MAGIC_NUMBER_GROUPS } from './magic-numbers.js';
export { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.js';
