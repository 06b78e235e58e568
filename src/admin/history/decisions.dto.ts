import { ApiPropertyOptional, PickType } from '../../openapi/decorators.js';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import { HistoryQueryDto } from './history.dto.js';

const OUTCOMES = ['allowed', 'refused', 'joined', 'given-back'] as const;

export class DecisionQueryDto extends PickType(HistoryQueryDto, [
  'from',
  'to',
  'number',
  'user',
  'address',
  'after',
  'before',
]) {
  @ApiPropertyOptional({ description: 'The rule that decided.', example: 'number-limit' })
  @MaxLength(60, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  rule?: string;

  @ApiPropertyOptional({ enum: OUTCOMES, description: 'Defaults to `refused`.' })
  @IsIn(OUTCOMES, { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  outcome?: string;
}
