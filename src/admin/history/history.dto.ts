import { ApiProperty, ApiPropertyOptional, OmitType } from '../../openapi/decorators.js';
import { Transform } from 'class-transformer';
import {
  IsDate,
  IsIn,
  IsIP,
  IsISO31661Alpha2,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
} from 'class-validator';
import { DateFromText, EmptyAsAbsent, FreeText } from '../../http/index.js';
import { PUBLIC_STATUSES, type PublicStatus } from '../../verification/index.js';

const MOMENT = { type: String, format: 'date-time', example: '2026-11-23T00:00Z' } as const;

/** All in the URL, so that a page can be sent to a colleague. */
export class HistoryQueryDto {
  @ApiPropertyOptional({ ...MOMENT, description: 'At this moment or later; UTC without a zone.' })
  @IsDate({ message: 'malformed' })
  @DateFromText()
  @IsOptional()
  from?: Date;

  @ApiPropertyOptional({ ...MOMENT, description: 'Before this moment; UTC without a zone.' })
  @IsDate({ message: 'malformed' })
  @DateFromText()
  @IsOptional()
  to?: Date;

  @ApiPropertyOptional({ enum: PUBLIC_STATUSES })
  @IsIn(PUBLIC_STATUSES, { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  status?: PublicStatus;

  @ApiPropertyOptional({ description: 'ISO 3166-1 alpha-2.' })
  @IsISO31661Alpha2({ message: 'unknown' })
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim().toUpperCase() || undefined : value,
  )
  @IsOptional()
  country?: string;

  @ApiPropertyOptional({ enum: ['sms', 'voice'] })
  @IsIn(['sms', 'voice'], { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  channel?: string;

  @ApiPropertyOptional({ example: 'phone-verification' })
  @MaxLength(200, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  purpose?: string;

  @ApiPropertyOptional({ description: 'The user’s id, as the host names it.' })
  @MaxLength(200, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  user?: string;

  @ApiPropertyOptional({
    description:
      'What `POST /admin/verifications/search` made of a number, which must not appear in a URL; a number is accepted too.',
  })
  @MaxLength(400, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  number?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsUUID('all', { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  requestId?: string;

  @ApiPropertyOptional({ description: 'Of any message of the request.' })
  @MaxLength(100, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  providerRequestId?: string;

  @ApiPropertyOptional({
    description: 'Who asked; an IPv6 address stands for its /64.',
    example: '203.0.113.7',
  })
  @IsIP(undefined, { message: 'malformed' })
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim().replace(/\/64$/, '') || undefined : value,
  )
  @IsOptional()
  address?: string;

  @ApiPropertyOptional({ description: 'Why it ended.', example: 'attempts-exhausted' })
  @MaxLength(50, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  reason?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Older than this request: see `next`.' })
  @IsUUID('all', { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  after?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Newer than this request: see `previous`.' })
  @IsUUID('all', { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  before?: string;
}

/** The same for an export, which has no pages; `why` is for the audit. */
export class ExportDto extends OmitType(HistoryQueryDto, ['after', 'before']) {
  @ApiProperty({ minLength: 3, maxLength: 500, description: 'Why; for the audit.' })
  @FreeText({ minLength: 3, maxLength: 500 })
  why!: string;
}

/** A number to look for: in a body, because addresses are kept in logs and histories. */
export class SearchDto {
  @ApiProperty({ example: '+14155552671' })
  @MaxLength(64, { message: 'too-long' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  phoneNumber!: string;

  @ApiPropertyOptional({ description: 'ISO 3166-1 alpha-2, for a national number.' })
  @IsISO31661Alpha2({ message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  country?: string;
}
