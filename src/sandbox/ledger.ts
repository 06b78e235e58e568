import { type Api, type Channel, destination, type ProviderRequest } from './verification-request.js';

/** One message or call that the sandbox "sent". Tests count messages here, not at the application. */
export interface LedgerEntry {
  providerRequestId: string;
  api: Api;
  /** Digits without `+`, or an e-mail address. */
  to: string;
  channel: Channel;
  /** The language that the caller asked for; absent: none. */
  locale?: string;
  text: string;
  code: string;
  /** ISO 8601, by the sandbox's clock. */
  sentAt: string;
  /** EUR, as a decimal string. */
  price: string;
}

/** EUR per message or call. Invented, but different enough to be told apart in a sum. */
export const PRICES: Readonly<Record<Channel, number>> = {
  sms: 0.05,
  voice: 0.08,
  whatsapp: 0.04,
  rcs: 0.04,
  email: 0.01,
  silent_auth: 0.03,
};

/** EUR that a successful verification costs in addition to its messages. */
export const SUCCESS_PRICE = 0.1;

/** The message that sends a request's current code. @param sentAt milliseconds of the sandbox's clock */
export function messageOf(
  { id, plan, stepIndex, codeEndsAt }: ProviderRequest,
  code: string,
  sentAt: number,
): LedgerEntry {
  const { channel, to } = plan.steps[stepIndex]!;
  const lifetime = duration(Math.round((codeEndsAt - sentAt) / 1000));
  return {
    providerRequestId: id,
    api: plan.api,
    to,
    channel,
    ...(plan.locale ? { locale: plan.locale } : {}),
    text:
      channel === 'voice'
        ? `Your ${plan.brand} code is ${code.split('').join(', ')}.`
        : `${plan.brand} code: ${code}. Valid for ${lifetime}.`,
    code,
    sentAt: new Date(sentAt).toISOString(),
    price: PRICES[channel].toFixed(4),
  };
}

function duration(seconds: number): string {
  const [amount, unit] = seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

const DEFAULT_LIMIT = 100_000;

/** Everything sent, oldest first. When it is full, the oldest tenth is dropped. */
export class Ledger {
  private entries: LedgerEntry[] = [];
  /** How many entries came before those in `entries`. */
  private dropped = 0;
  private byDestination = new Map<string, LedgerEntry[]>();

  constructor(private readonly limit = DEFAULT_LIMIT) {}

  add(entry: LedgerEntry): void {
    if (this.entries.length >= this.limit) this.dropOldest();
    this.entries.push(entry);
    this.index(entry);
  }

  /** @param to only messages to this destination, in any spelling: `+1 415 555-2671`, `14155552671` */
  list(to?: string): LedgerEntry[] {
    return [...(to === undefined ? this.entries : (this.byDestination.get(destination(to)) ?? []))];
  }

  /** The number of the newest entry. Numbers start at 1 and are never reused, not even after {@link clear}. */
  get count(): number {
    return this.dropped + this.entries.length;
  }

  /** The entries after the one with this number, oldest first. */
  since(number: number): { number: number; entry: LedgerEntry }[] {
    const from = Math.max(0, number - this.dropped);
    return this.entries.slice(from).map((entry, i) => ({ number: this.dropped + from + i + 1, entry }));
  }

  /** The last entries, newest first. */
  latest(count: number): LedgerEntry[] {
    return this.entries.slice(-count).reverse();
  }

  clear(): void {
    this.dropped = this.count;
    this.entries = [];
    this.byDestination.clear();
  }

  private index(entry: LedgerEntry): void {
    const known = this.byDestination.get(entry.to);
    if (known) known.push(entry);
    else this.byDestination.set(entry.to, [entry]);
  }

  private dropOldest(): void {
    const count = Math.ceil(this.limit / 10);
    this.dropped += count;
    this.entries = this.entries.slice(count);
    this.byDestination.clear();
    for (const entry of this.entries) this.index(entry);
  }
}
