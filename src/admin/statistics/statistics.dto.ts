import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { IsDate, IsIn, IsOptional } from 'class-validator';
import { DateFromText, EmptyAsAbsent } from '../../http/index.js';
import { type Group, GROUPS } from './statistics.repository.js';

export class StatisticsQueryDto {
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description:
      'Begun at this moment or later: rounded down to the hour or the day. Defaults to 30 days ago; by hour, to 2.',
  })
  @IsDate({ message: 'malformed' })
  @DateFromText()
  @IsOptional()
  from?: Date;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Begun before this moment. Defaults to now.',
  })
  @IsDate({ message: 'malformed' })
  @DateFromText()
  @IsOptional()
  to?: Date;

  @ApiPropertyOptional({ enum: GROUPS, default: 'day', description: 'By hour at most 31 days.' })
  @IsIn(GROUPS, { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  groupBy?: Group;
}

export class CostResource {
  @ApiProperty({ description: 'ISO 4217.' })
  currency!: string;

  @ApiProperty({ description: 'Decimal text.', example: '12.3400' })
  amount!: string;
}

export class CountsResource {
  @ApiProperty({ description: 'An hour or a day (UTC), a country, a channel, or what the provider said.' })
  key!: string;

  @ApiProperty({ description: 'Requests begun; with `provider-status` how often it was said.' })
  started!: number;

  @ApiProperty({ description: 'Messages that the provider took.' })
  messages!: number;

  @ApiProperty({
    description: 'Of these, all that the provider has not reported as held back: Verify gives no receipts.',
  })
  delivered!: number;

  @ApiProperty()
  verified!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Verified of started, from 0 to 1.' })
  conversion!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Half were verified within so many seconds.' })
  medianSeconds!: number | null;

  @ApiProperty({ type: [CostResource], description: 'As far as the provider has told.' })
  cost!: CostResource[];
}

export class StatisticsResource {
  @ApiProperty({ format: 'date-time' })
  from!: string;

  @ApiProperty({ format: 'date-time' })
  to!: string;

  @ApiProperty({ enum: GROUPS })
  groupBy!: Group;

  @ApiProperty({ description: 'False while an old database is being counted for the first time.' })
  isComplete!: boolean;

  @ApiProperty({ type: [CountsResource] })
  groups!: CountsResource[];

  @ApiProperty({ type: CountsResource })
  total!: CountsResource;
}
