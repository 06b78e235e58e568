import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { NumberFromText } from '../../http/index.js';
import { Until } from '../until.js';
import { BLOCK_KINDS, type BlockKind } from '../../verification/index.js';
import { ReasonDto } from '../reason.dto.js';

const TEN_YEARS_IN_HOURS = 87_600;

export class BlockDto extends ReasonDto {
  @ApiProperty({ enum: BLOCK_KINDS })
  @IsIn(BLOCK_KINDS, { message: 'unknown' })
  kind!: BlockKind;

  @ApiProperty({
    description: 'A number in any spelling, six digits, a country’s code, or an address or network.',
    example: '203.0.113.0/24',
  })
  @MaxLength(64, { message: 'too-long' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  value!: string;

  @ApiPropertyOptional({
    description: 'For how long. Defaults to until it is lifted.',
    maximum: TEN_YEARS_IN_HOURS,
  })
  @Max(TEN_YEARS_IN_HOURS, { message: 'malformed' })
  @Min(1, { message: 'malformed' })
  @IsInt({ message: 'malformed' })
  @NumberFromText()
  @IsOptional()
  hours?: number;

  @Until()
  until?: Date;
}

export class LiftStopDto extends ReasonDto {
  @ApiProperty({ enum: ['prefix', 'country'] })
  @IsIn(['prefix', 'country'], { message: 'unknown' })
  scope!: 'prefix' | 'country';

  @ApiProperty({ example: '141555' })
  @MaxLength(6, { message: 'malformed' })
  @IsString({ message: 'required' })
  label!: string;
}

export class BlockResource {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ enum: BLOCK_KINDS })
  kind!: BlockKind;

  @ApiProperty({ description: 'What is blocked, as it is compared; a number is masked.' })
  label!: string;

  @ApiProperty()
  reason!: string;

  @ApiProperty({ description: 'Who blocked it.', example: 'user:0198f2c4-…' })
  author!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What the application calls the user; null if unknown.',
  })
  authorName!: string | null;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: string | null;
}

export class StopResource {
  @ApiProperty({ enum: ['prefix', 'country'] })
  scope!: 'prefix' | 'country';

  @ApiProperty()
  label!: string;

  @ApiProperty({ description: 'Starts that it was based on.' })
  started!: number;

  @ApiProperty()
  verified!: number;

  @ApiProperty({ format: 'date-time' })
  stoppedAt!: string;

  @ApiProperty({ format: 'date-time' })
  until!: string;
}

export class BlocksResource {
  @ApiProperty({ type: [BlockResource] })
  blocks!: BlockResource[];

  @ApiProperty({ type: [StopResource], description: 'What has stopped by itself: too few verify there.' })
  stops!: StopResource[];
}
