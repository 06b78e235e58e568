import { BlockList, isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';
import { InjectLibraryDataSource } from '../database/library-data-source.js';
import { PersonalDataCipher } from '../crypto/index.js';
import { rowsOf } from '../database/sql.js';
import { BlockEntry, DestinationStop, type PhoneNumber } from '../verification/index.js';

/** A change is effective on every instance after this time. */
const LONGEST_AGE_MS = 1000;

/** Changes whenever an entry is added, lifted or deleted. */
const VERSION = `
  SELECT (SELECT concat_ws(' ', count(*), count(lifted_at), max(id::text)) FROM otp_block_entries) || ' / ' ||
         (SELECT concat_ws(' ', count(*), count(lifted_at), max(stopped_at), max(lifted_at)) FROM otp_destination_stops) AS version,
         clock_timestamp() AS now`;

type Block = Pick<BlockEntry, 'id' | 'expiresAt'>;

/**
 * Blocks and stopped destinations in memory. They are few and change seldom, so a start asks the database only whether
 * they have changed, once a second at most.
 */
@Injectable()
export class DestinationLists {
  private version = '';
  private blocks = new Map<string, Block>();
  private networks: { range: BlockList; block: Block }[] = [];
  private stops = new Map<string, Date>();
  private readAtMs = -Infinity;
  /** How far the database's clock is ahead of ours. */
  private clockAheadMs = 0;
  private reading: Promise<void> | null = null;

  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
  ) {}

  /** Reads the lists again, if they are older than a second. */
  async refresh(): Promise<void> {
    if (performance.now() - this.readAtMs < LONGEST_AGE_MS) return;
    this.reading ??= this.read().finally(() => (this.reading = null));
    await this.reading;
  }

  /** Makes the next {@link refresh} read the lists: something was changed here. */
  invalidate(): void {
    this.readAtMs = -Infinity;
  }

  /** The block that applies to a message: of its number, prefix or country, or of the caller’s address. */
  blockOf(phone: PhoneNumber, address: string | null): Block | null {
    const names = [
      `prefix ${phone.prefix}`,
      `country ${phone.country}`,
      ...this.cipher
        .fingerprints('phone', phone.e164)
        .map((fingerprint) => `number ${fingerprint.toString('hex')}`),
    ];
    // The /64 of an IPv6 address is written with its length.
    const host = address?.split('/')[0] ?? '';
    const family = isIP(host);
    const ranges =
      family === 0
        ? []
        : this.networks.filter(({ range }) => range.check(host, family === 6 ? 'ipv6' : 'ipv4'));
    const found = [...names.map((name) => this.blocks.get(name)), ...ranges.map(({ block }) => block)];
    return found.find((block) => block !== undefined && this.isInForce(block.expiresAt)) ?? null;
  }

  /** Until when messages to a prefix or country are stopped; null: they are not. */
  stoppedUntil(scope: 'prefix' | 'country', phone: PhoneNumber): Date | null {
    const until = this.stops.get(`${scope} ${phone[scope]}`) ?? null;
    return until && this.isInForce(until) ? until : null;
  }

  private isInForce(until: Date | null): boolean {
    return until === null || until.getTime() > Date.now() + this.clockAheadMs;
  }

  private async read(): Promise<void> {
    const startedAtMs = performance.now();
    const [row] = await rowsOf<{ version: string; now: Date }>(this.dataSource, VERSION);
    const { version, now } = row!;
    this.clockAheadMs = now.getTime() - Date.now();
    if (version !== this.version) {
      await this.readBlocks();
      await this.readStops();
      this.version = version;
    }
    this.readAtMs = startedAtMs;
  }

  private async readBlocks(): Promise<void> {
    const entries = await this.dataSource.getRepository(BlockEntry).find({
      select: { id: true, kind: true, value: true, network: true, fingerprint: true, expiresAt: true },
      where: { liftedAt: IsNull() },
      // Of several for the same, the one that lasts longest counts.
      order: { expiresAt: { direction: 'ASC', nulls: 'LAST' } },
    });
    this.blocks = new Map();
    this.networks = [];
    for (const { id, kind, value, network, fingerprint, expiresAt } of entries) {
      const block = { id, expiresAt };
      if (network !== null) this.networks.push({ range: rangeOf(network), block });
      else this.blocks.set(`${kind} ${fingerprint ? fingerprint.toString('hex') : value}`, block);
    }
  }

  private async readStops(): Promise<void> {
    // While a fingerprint key is being replaced, a prefix may have a row for each; the one that ends last counts.
    const stops = await this.dataSource
      .getRepository(DestinationStop)
      .find({ where: { liftedAt: IsNull() }, order: { until: 'ASC' } });
    this.stops = new Map(stops.map(({ scope, label, until }) => [`${scope} ${label}`, until]));
  }
}

/** Reads `203.0.113.0/24`, `2001:db8::/48` or one address, as Postgres writes them. */
function rangeOf(network: string): BlockList {
  const [address = '', bits] = network.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const range = new BlockList();
  range.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  return range;
}
