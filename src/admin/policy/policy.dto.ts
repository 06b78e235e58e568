import { ApiProperty, ApiPropertyOptional, PickType } from '../../openapi/decorators.js';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIP, IsOptional, IsString, MaxLength } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import { StartVerificationDto, type EvaluatedRule } from '../../verification/index.js';

/** An imagined start: the caller, and the number. */
export class SimulateDto extends PickType(StartVerificationDto, ['phoneNumber', 'country', 'channel']) {
  @ApiPropertyOptional({ description: 'What the proof is for. Defaults to `phone-verification`.' })
  @MaxLength(100, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  purpose?: string;

  @ApiPropertyOptional({ description: 'The signed-in user who would ask.' })
  @MaxLength(200, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  userId?: string;

  @ApiPropertyOptional({
    type: Boolean,
    description: 'The number is a confirmed factor of that user; in a form `on`.',
    default: false,
  })
  @IsBoolean({ message: 'unknown' })
  @Transform(({ value }: { value: unknown }) => (value === 'on' ? true : value === '' ? undefined : value))
  @IsOptional()
  confirmed?: boolean;

  @ApiPropertyOptional({ description: 'The session that would ask, as the application names it.' })
  @MaxLength(200, { message: 'too-long' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  sessionId?: string;

  @ApiPropertyOptional({ description: 'The network address that would ask.', example: '203.0.113.7' })
  @IsIP(undefined, { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  address?: string;
}

export class EvaluatedRuleResource {
  @ApiProperty({ example: 'number-limit' })
  rule!: string;

  @ApiProperty({ enum: ['enforce', 'record'] })
  mode!: 'enforce' | 'record';

  @ApiProperty({ enum: ['pass', 'refuse'] })
  outcome!: 'pass' | 'refuse';

  @ApiPropertyOptional({ description: 'What the rule went by, where it is not a count.' })
  input?: string;

  @ApiPropertyOptional({ description: 'Taken of the limit before.' })
  used?: number;

  @ApiPropertyOptional()
  limit?: number;

  @ApiPropertyOptional({ description: 'Length of the window in seconds; absent for a limit a day (UTC).' })
  seconds?: number;

  @ApiPropertyOptional({ description: 'What one message takes of a limit a day: 1, or its price.' })
  amount?: number;
}

/** A rule as administrators see it: without the bucket that it counts in. */
export const evaluatedResource = ({ rule, mode, outcome, ...more }: EvaluatedRule): EvaluatedRuleResource => {
  const { input, used, limit, seconds, amount } = more;
  return {
    rule,
    mode: mode ?? 'enforce',
    outcome,
    ...(input === undefined ? {} : { input }),
    ...(used === undefined ? {} : { used }),
    ...(limit === undefined ? {} : { limit }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(amount === undefined ? {} : { amount }),
  };
};

export class SimulationResource {
  @ApiProperty({
    enum: ['allowed', 'refused', 'joined'],
    description: '`joined`: the same caller has a live request for it, and would get that.',
  })
  outcome!: 'allowed' | 'refused' | 'joined';

  @ApiProperty({ type: String, nullable: true, description: 'The rule that decides.' })
  rule!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The error code that the caller would get.' })
  code!: string | null;

  @ApiProperty({ type: Number, nullable: true })
  retryAfterSeconds!: number | null;

  @ApiProperty({ type: [EvaluatedRuleResource], description: 'Every rule that was asked, in order.' })
  rules!: EvaluatedRuleResource[];
}
