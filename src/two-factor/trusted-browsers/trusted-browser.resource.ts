import { ApiProperty } from '../../openapi/decorators.js';
import type { ListedBrowser } from './trusted-browsers.service.js';

/** A trusted browser as callers see it. */
export class TrustedBrowserResource {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'Firefox, Linux' })
  description!: string;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  lastUsedAt!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;

  static of({ id, description, createdAt, lastUsedAt, expiresAt }: ListedBrowser): TrustedBrowserResource {
    return {
      id,
      description,
      createdAt: createdAt.toISOString(),
      lastUsedAt: lastUsedAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
    };
  }
}
