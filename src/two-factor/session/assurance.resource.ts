import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import type { Assurance, AssuranceLevel } from './assurance.js';

const LEVELS = ['anonymous', 'first-factor', 'two-factor'];

/** An {@link Assurance} as callers see it. */
export class AssuranceResource {
  @ApiProperty({ enum: LEVELS })
  level!: AssuranceLevel;

  @ApiProperty({ description: 'A second factor is required and has not been shown.' })
  pending!: boolean;

  @ApiProperty({ type: [String], description: 'RFC 8176.', example: ['pwd', 'sms', 'mfa'] })
  amr!: readonly string[];

  @ApiProperty({ enum: LEVELS })
  acr!: string;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'When the newest factor was shown, in seconds since the epoch.',
  })
  authTime!: number | null;

  @ApiPropertyOptional({ description: 'The path to continue to.' })
  next?: string;

  /** What a response shows of a session. @param next where to go on */
  static of({ level, pending, amr, acr, authTime }: Assurance, next?: string): AssuranceResource {
    return { level, pending, amr, acr, authTime, next };
  }
}
