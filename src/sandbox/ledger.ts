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

/** What the sandbox "sent". Emits `message` for every entry, with its number. */
export class Ledger extends EventEmitter<{ message: [LedgerEntry, number] }> {
  private entries: LedgerEntry[] = [];
  private dropped = 0;

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  add(entry: LedgerEntry): void {
    if (this.entries.length >= MOST_ENTRIES) this.dropped += this.entries.splice(0, MOST_ENTRIES / 10).length;
    this.entries.push(entry);
    this.emit('message', entry, this.count);
  }

  /** Newest last. @param to in any spelling; all when absent */
  list(to?: string): LedgerEntry[] {
    const digits = to?.replace(/\D/g, '');
    return digits ? this.entries.filter((entry) => entry.to === digits) : [...this.entries];
  }

  /** The number of the newest entry; entries are numbered from 1. */
  get count(): number {
    return this.dropped + this.entries.length;
  }

  /** The entries after a number, with theirs: what somebody missed who has seen so many. */
  since(number: number): [LedgerEntry, number][] {
    const from = Math.max(0, number - this.dropped);
    return this.entries.slice(from).map((entry, index) => [entry, this.dropped + from + index + 1]);
  }

  clear(): void {
    this.dropped += this.entries.length;
    this.entries = [];
  }
}
