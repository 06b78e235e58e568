import { applyDecorators } from '@nestjs/common';
import { IsDate, IsOptional, MaxDate, MinDate } from 'class-validator';
import { DateFromText } from '../http/index.js';
import { ApiPropertyOptional } from '../openapi/decorators.js';

const TEN_YEARS_MS = 87_600 * 3_600_000;

/** On a field: the moment at which something ends, between now and ten years from now. With a duration beside it, the earlier counts. */
export const Until = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      type: String,
      format: 'date-time',
      description: 'When it ends; UTC without a zone. Defaults to no end.',
    }),
    IsOptional(),
    DateFromText(),
    IsDate({ message: 'malformed' }),
    MinDate(() => new Date(), { message: 'past' }),
    MaxDate(() => new Date(Date.now() + TEN_YEARS_MS), { message: 'too-late' }),
  );
