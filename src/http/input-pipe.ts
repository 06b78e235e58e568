import { type ArgumentMetadata, HttpStatus, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { HIDDEN_CHARACTERS, isStorable } from './free-text.js';
import { type FieldError, Problem } from './problem.js';

/** Their parsers refuse every character that is not part of a phone number, with a problem of their own. */
const PARSED_FIELDS = ['phoneNumber'];

/** Besides what the DTO says: `null` is a field that was left out, and no text may be one that the database cannot store. */
class InputPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const input: unknown = await super.transform(withoutNulls(value), metadata);
    const errors = unstorableFields(input);
    if (errors.length > 0) throw Problem.http('invalid-input', { errors });
    return input;
  }
}

/** `@IsOptional` lets a null through, and handlers are written for fields that are absent. */
function withoutNulls(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function unstorableFields(input: unknown): FieldError[] {
  if (input === null || typeof input !== 'object') return [];
  return Object.entries(input)
    .filter(([field, value]) => !PARSED_FIELDS.includes(field) && [value].flat().some(isUnstorableText))
    .map(([field]) => ({ field, code: HIDDEN_CHARACTERS }));
}

const isUnstorableText = (value: unknown) => typeof value === 'string' && !isStorable(value);

/** Checks bodies and queries against their DTOs; unknown fields are dropped, every wrong one is named. */
export const inputPipe = new InputPipe({
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
