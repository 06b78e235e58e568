import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { IsDate, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { DateFromText, EmptyAsAbsent, NumberFromText } from '../../http/index.js';

export class AuditQueryDto {
  @ApiPropertyOptional({ example: 'user:0198f2c4-…' })
  @MaxLength(200, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  actor?: string;

  @ApiPropertyOptional({ example: 'number.revealed' })
  @MaxLength(100, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  action?: string;

  @ApiPropertyOptional({ description: 'The id of what was acted on.' })
  @MaxLength(200, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  target?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'From this moment on.' })
  @IsDate({ message: 'malformed' })
  @DateFromText()
  @IsOptional()
  from?: Date;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Before this moment.' })
  @IsDate({ message: 'malformed' })
  @DateFromText()
  @IsOptional()
  to?: Date;

  @ApiPropertyOptional({ description: 'Entries older than the one with this number.' })
  @Max(Number.MAX_SAFE_INTEGER, { message: 'malformed' })
  @Min(0, { message: 'malformed' })
  @IsInt({ message: 'malformed' })
  @NumberFromText()
  @IsOptional()
  after?: number;

  @ApiPropertyOptional({ description: 'Entries newer than the one with this number.' })
  @Max(Number.MAX_SAFE_INTEGER, { message: 'malformed' })
  @Min(0, { message: 'malformed' })
  @IsInt({ message: 'malformed' })
  @NumberFromText()
  @IsOptional()
  before?: number;
}

export class AuditEntryResource {
  @ApiProperty()
  number!: number;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ description: '`user:<id>`, `token:<id>` or `cli:<login name>`.' })
  actor!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What the application calls the user; null if unknown.',
  })
  actorName!: string | null;

  @ApiProperty({ example: 'request.cancelled' })
  action!: string;

  @ApiProperty({ type: String, nullable: true })
  target!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What the application calls the user that was acted on; null if it was none.',
  })
  targetName!: string | null;

  @ApiProperty()
  reason!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  details!: Record<string, string | number | boolean | null>;
}

export class AuditListResource {
  @ApiProperty({ type: [AuditEntryResource], description: 'Newest first.' })
  items!: AuditEntryResource[];

  @ApiProperty({ type: String, nullable: true, description: 'Path of the older entries.' })
  next!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Path of the newer entries.' })
  previous!: string | null;
}

export class AuditFindingResource {
  @ApiProperty({
    enum: ['altered', 'added', 'missing', 'reordered', 'seal-altered', 'seal-missing', 'seal-differs'],
    description: '`seal-…` concerns a seal, the others an entry.',
  })
  kind!: string;

  @ApiProperty({ description: 'Of the entry, or of the seal.' })
  number!: number;
}

export class AuditReportResource {
  @ApiProperty({ description: 'Entries that were compared with their seals.' })
  entries!: number;

  @ApiProperty({ description: 'Entries that are too young to be sealed.' })
  notSealed!: number;

  @ApiProperty({
    type: [AuditFindingResource],
    description: 'Up to 20 of each kind. Empty: the audit is as it was written.',
  })
  findings!: AuditFindingResource[];
}
