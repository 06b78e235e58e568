import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { Transform } from 'class-transformer';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { FreeText, NumberFromText } from '../../http/index.js';
import { type Scope, SCOPES } from '../access/scopes.js';
import { ReasonDto } from '../reason.dto.js';
import { Until } from '../until.js';

export class CreateTokenDto extends ReasonDto {
  @ApiProperty({ maxLength: 60, example: 'nightly export' })
  @FreeText({ maxLength: 60 })
  name!: string;

  @ApiProperty({ enum: SCOPES, isArray: true, description: 'What it may do; no more than its maker may.' })
  @IsIn(SCOPES, { each: true, message: 'unknown' })
  @ArrayUnique({ message: 'unknown' })
  @ArrayNotEmpty({ message: 'required' })
  @IsArray({ message: 'required' })
  // A form with one box ticked sends a text, with several a list.
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value))
  scopes!: Scope[];

  @ApiPropertyOptional({
    description:
      'How long it works. Defaults to no end; made with a token, it ends with that one at the latest.',
    maximum: 3650,
  })
  @Max(3650, { message: 'malformed' })
  @Min(1, { message: 'malformed' })
  @IsInt({ message: 'malformed' })
  @NumberFromText()
  @IsOptional()
  days?: number;

  @Until()
  until?: Date;
}

export class TokenResource {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes!: Scope[];

  @ApiProperty({ description: 'Who made it.' })
  author!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What the application calls the user; null if unknown.',
  })
  authorName!: string | null;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The token it was made with; null when a person made it.',
  })
  parentId!: string | null;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'To the minute.' })
  lastUsedAt!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt!: string | null;
}

export class CreatedTokenResource extends TokenResource {
  @ApiProperty({ description: 'For `Authorization: Bearer …`. Nobody can read it again.' })
  token!: string;
}

export class TokensResource {
  @ApiProperty({ type: [TokenResource] })
  tokens!: TokenResource[];
}
