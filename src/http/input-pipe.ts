import { HttpStatus, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { Problem } from './problem.js';

/** Checks bodies and queries against their DTOs; unknown fields are dropped, every wrong one is named. */
export const inputPipe = new ValidationPipe({
  whitelist: true,
  transform: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  errorHttpStatusCode: HttpStatus.BAD_REQUEST,
  validationError: { target: false, value: false },
  exceptionFactory: (errors: ValidationError[]) =>
    Problem.http('invalid-input', {
      errors: errors.map(({ property, constraints }) => ({
        field: property,
        code: Object.values(constraints ?? {})[0] ?? 'malformed',
      })),
    }),
});
