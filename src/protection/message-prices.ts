import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../database/library-data-source.js';
import { rowsOf } from '../database/sql.js';
import type { Channel } from '../verification/index.js';
import { PROTECTION_OPTIONS, type ResolvedProtection } from './protection.options.js';

/**
 * What one message is going to cost: what the provider charged for such a one lately, else what the options say. Kept in
 * memory, so that a start makes no call; learned by {@link ProtectionWatch}.
 */
@Injectable()
export class MessagePrices {
  private learned = new Map<string, number>();

  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    @Inject(PROTECTION_OPTIONS) private readonly options: ResolvedProtection,
  ) {}

  /** In the provider's currency. */
  of(country: string, channel: Channel): number {
    const { prices } = this.options;
    return this.learned.get(`${country} ${channel}`) ?? prices[country] ?? prices['*'] ?? 0;
  }

  /** Takes over what any instance has learned. */
  async reload(): Promise<void> {
    const rows = await rowsOf<{ country: string; channel: string; price: string }>(
      this.dataSource,
      'SELECT country, channel, price FROM otp_message_prices',
    );
    this.learned = new Map(
      rows.map(({ country, channel, price }) => [`${country} ${channel}`, Number(price)]),
    );
  }

  /** The mean price of a message, of requests of the past day that the provider has told the price of. */
  async learn(): Promise<void> {
    await rowsOf(
      this.dataSource,
      `
      INSERT INTO otp_message_prices AS p (country, channel, price, currency, updated_at)
      SELECT phone_country, channel, sum(price) / sum(sends), max(currency), clock_timestamp()
        FROM otp_verification_requests
       WHERE created_at > now() - interval '1 day' AND price > 0
       GROUP BY phone_country, channel
      ON CONFLICT (country, channel) DO UPDATE
        SET price = excluded.price, currency = excluded.currency, updated_at = excluded.updated_at
        WHERE p.price <> excluded.price`,
    );
    await this.reload();
  }
}
