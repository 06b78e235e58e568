import { type Api, type Channel, destination } from './words.js';

/** One message or call that the sandbox "sent": the truth against which tests count. */
export interface LedgerEntry {
  providerRequestId: string;
  api: Api;
  /** Digits without `+`; an address for e-mail. */
  to: string;
  channel: Channel;
  text: string;
  code: string;
  /** ISO 8601, by the sandbox's clock. */
  sentAt: string;
  /** EUR, as a decimal string. */
  price: string;
}

const DEFAULT_LIMIT = 100_000;

/** Everything sent, oldest first. Forgets the oldest tenth when it is full. */
export class Ledger {
  private entries: LedgerEntry[] = [];
  /** How many there were before the ones in `entries`. */
  private forgotten = 0;
  private byDestination = new Map<string, LedgerEntry[]>();

  constructor(private readonly limit = DEFAULT_LIMIT) {}

  add(entry: LedgerEntry): void {
    if (this.entries.length >= this.limit) this.forgetOldest();
    this.entries.push(entry);
    this.index(entry);
  }

  /** @param to in any spelling: `+1 415 555-2671`, `14155552671` */
  list(to?: string): LedgerEntry[] {
    return [...(to === undefined ? this.entries : (this.byDestination.get(destination(to)) ?? []))];
  }

  /** The number of the newest entry. They are numbered from 1, and numbers are not used again after {@link clear}. */
  get count(): number {
    return this.forgotten + this.entries.length;
  }

  /** What somebody missed who has seen all up to this number, oldest first. */
  since(number: number): { number: number; entry: LedgerEntry }[] {
    const from = Math.max(0, number - this.forgotten);
    return this.entries.slice(from).map((entry, i) => ({ number: this.forgotten + from + i + 1, entry }));
  }

  /** The newest, newest first. */
  latest(count: number): LedgerEntry[] {
    return this.entries.slice(-count).reverse();
  }

  clear(): void {
    this.forgotten = this.count;
    this.entries = [];
    this.byDestination.clear();
  }

  private index(entry: LedgerEntry): void {
    const known = this.byDestination.get(entry.to);
    if (known) known.push(entry);
    else this.byDestination.set(entry.to, [entry]);
  }

  private forgetOldest(): void {
    const oldest = Math.ceil(this.limit / 10);
    this.forgotten += oldest;
    this.entries = this.entries.slice(oldest);
    this.byDestination.clear();
    for (const entry of this.entries) this.index(entry);
  }
}
