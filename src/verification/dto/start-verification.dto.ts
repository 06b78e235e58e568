import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsISO31661Alpha2, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import type { Channel } from '../domain/phone-number.js';
import { LOCALES } from './locales.js';

// The messages are codes: the words are in the catalogue under field.<name>.<code>.
/** The body of `POST /request-otp`. */
export class StartVerificationDto {
  @ApiProperty({
    description:
      'In any usual spelling: international (`+1 415 555 2671`, `14155552671`), or national with `country`.',
    example: '+14155552671',
    maxLength: 64,
  })
  @MaxLength(64, { message: 'too-long' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  phoneNumber!: string;

  @ApiPropertyOptional({ description: 'ISO 3166-1 alpha-2, for a national number.', example: 'US' })
  @IsISO31661Alpha2({ message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  country?: string;

  @ApiPropertyOptional({ enum: ['sms', 'voice'], default: 'sms' })
  @IsIn(['sms', 'voice'], { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  channel?: Channel;

  @ApiPropertyOptional({
    description: 'Language of the message; by the number when absent.',
    example: 'en-gb',
  })
  @IsIn(LOCALES, { message: 'unknown' })
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.toLowerCase() || undefined : value,
  )
  @IsOptional()
  locale?: string;
}
