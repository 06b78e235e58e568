import { EventEmitter } from 'node:events';

export type Api = 'v1' | 'v2';

/** One message that went out: what tests count by, independently of what anyone answered. */
export interface LedgerEntry {
  providerRequestId: string;
  api: Api;
  /** E.164 without `+`. */
  to: string;
  channel: string;
  text: string;
  code: string;
  /** ISO 8601. */
  sentAt: string;
  /** EUR. */
  price: string;
}

const MOST_ENTRIES = 100_000;

/** What the sandbox "sent". Emits `message` for every entry. */
export class Ledger extends EventEmitter<{ message: [LedgerEntry] }> {
  private entries: LedgerEntry[] = [];

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  add(entry: LedgerEntry): void {
    if (this.entries.length >= MOST_ENTRIES) this.entries.splice(0, MOST_ENTRIES / 10);
    this.entries.push(entry);
    this.emit('message', entry);
  }

  /** Newest last. @param to in any spelling; all when absent */
  list(to?: string): LedgerEntry[] {
    const digits = to?.replace(/\D/g, '');
    return digits ? this.entries.filter((entry) => entry.to === digits) : [...this.entries];
  }

  clear(): void {
    this.entries = [];
  }
}
