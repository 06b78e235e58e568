import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { IsOptional, Matches } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';

/** The id of a dead letter. */
export const LETTER_ID = /^\d{1,18}$/;

export class DeadLettersQueryDto {
  @ApiPropertyOptional({ description: 'Letters older than the one with this id.' })
  @Matches(LETTER_ID, { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  after?: string;

  @ApiPropertyOptional({ description: 'Letters newer than the one with this id.' })
  @Matches(LETTER_ID, { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  before?: string;
}

export class DeadLetterResource {
  @ApiProperty({ example: '4711' })
  id!: string;

  @ApiProperty({ description: 'The `webhook-id` of its deliveries.', example: 'evt_0198f2c4-…_2' })
  eventId!: string;

  @ApiProperty({ format: 'uuid' })
  requestId!: string;

  @ApiProperty({ description: 'Of the event within its request.' })
  number!: number;

  @ApiProperty({ example: 'matched' })
  type!: string;

  @ApiProperty()
  tries!: number;

  @ApiProperty({ description: 'Why the last try failed.', example: 'http 500' })
  error!: string;

  @ApiProperty({ format: 'date-time' })
  queuedAt!: string;

  @ApiProperty({ format: 'date-time', description: 'When it was given up.' })
  deadAt!: string;
}

export class DeadLettersResource {
  @ApiProperty({ description: 'Whether this instance has a webhook.' })
  isOn!: boolean;

  @ApiProperty({ description: 'Events that wait to be delivered, or for their next try.' })
  waiting!: number;

  @ApiProperty({ type: [DeadLetterResource], description: 'Newest first.' })
  items!: DeadLetterResource[];

  @ApiProperty({ type: String, nullable: true, description: 'Path of the older ones.' })
  next!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Path of the newer ones.' })
  previous!: string | null;
}

export class RetriedResource {
  @ApiProperty({ description: 'How many events will be delivered again.' })
  retried!: number;
}

export class DiscardedResource {
  @ApiProperty({ example: 'evt_0198f2c4-…_2' })
  discarded!: string;
}
