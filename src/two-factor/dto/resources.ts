import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Assurance, AssuranceLevel } from '../assurance/assurance.js';

const LEVELS = ['anonymous', 'first-factor', 'two-factor'];

/** How sure the application is who speaks. */
export class AssuranceResource {
  @ApiProperty({ enum: LEVELS })
  level!: AssuranceLevel;

  @ApiProperty({ description: 'A second factor is demanded and was not shown.' })
  pending!: boolean;

  @ApiProperty({ type: [String], description: 'RFC 8176.', example: ['pwd', 'sms', 'mfa'] })
  amr!: string[];

  @ApiProperty({ enum: LEVELS })
  acr!: string;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Of the newest factor; seconds since the epoch.',
  })
  authTime!: number | null;

  @ApiPropertyOptional({ description: 'Where to go on: a path.' })
  next?: string;

  static of({ level, pending, amr, acr, authTime }: Assurance, next?: string): AssuranceResource {
    return { level, pending, amr, acr, authTime, ...(next ? { next } : {}) };
  }
}

export class FactorResource {
  @ApiProperty({ example: 'sms' })
  method!: string;

  @ApiProperty()
  id!: string;

  @ApiProperty()
  label!: string;

  @ApiProperty({ description: 'A masked number; empty where there is none.', example: '+1 ••• ••• ••71' })
  hint!: string;

  @ApiProperty()
  primary!: boolean;
}

/** What can be shown as a second factor. */
export class FactorsResource {
  @ApiProperty({ type: AssuranceResource })
  assurance!: AssuranceResource;

  @ApiProperty({ type: [FactorResource] })
  factors!: FactorResource[];

  @ApiProperty()
  recoveryCodesLeft!: number;

  @ApiProperty({ description: 'Where to go on afterwards: a path.' })
  returnTo!: string;

  @ApiPropertyOptional({ description: 'Of a step-up: what is confirmed.' })
  summary?: string;
}

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
}

/** A user's factors and what was built on them. */
export class SettingsResource {
  @ApiProperty({ type: [FactorResource] })
  factors!: FactorResource[];

  @ApiProperty()
  recoveryCodesLeft!: number;

  @ApiProperty({ type: [TrustedBrowserResource] })
  trustedBrowsers!: TrustedBrowserResource[];
}

/** Shown once: nobody can read them again. */
export class RecoveryCodesResource {
  @ApiProperty({ type: [String], example: ['k7f2w-9qxma-3d8e'] })
  recoveryCodes!: string[];
}

export class AuthenticatorResource {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'Base 32, for apps without a camera.' })
  secret!: string;

  @ApiProperty({ example: 'otpauth://totp/…' })
  uri!: string;
}
