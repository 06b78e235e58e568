import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { HIDDEN_CHARACTERS, isStorable } from './free-text.js';
import { type FieldError, Problem } from './problem.js';

/** The parser of phone numbers rejects unusual characters itself, with a problem of its own. */
const PARSED_FIELDS = ['phoneNumber'];

/** The inputs that `own-input.ts` has checked, each with the DTO that was made of it. */
const CHECKED = new WeakMap<object, { metatype: unknown; input: unknown }>();

/**
 * Checks bodies and queries against their DTOs. Unknown fields are dropped, and the problem names every wrong field. A
 * `null` counts as a missing field, and text that Postgres cannot store is rejected.
 */
export class InputPipe extends ValidationPipe {
  /** @param module that has the messages for wrong fields: `field.<module>.<name>.<code>` */
  constructor(readonly module: string) {
    super({
      whitelist: true,
      transform: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      // A DTO's validation messages are the codes of its errors.
      exceptionFactory: (errors) =>
        Problem.invalidInput(
          module,
          errors.map(({ property, constraints }) => ({
            field: property,
            code: Object.values(constraints ?? {})[0] ?? 'malformed',
          })),
        ),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const checked = CHECKED.get(Object(value));
    if (checked && checked.metatype === metadata.metatype) return checked.input;
    const input: unknown = await super.transform(withoutNulls(value), metadata);
    const errors = unstorableFields(input);
    if (errors.length > 0) throw Problem.invalidInput(this.module, errors);
    return input;
  }

  /** Checks an input before it is time. @returns what a later check takes without looking again */
  async transformEarly(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const input = await this.transform(value, metadata);
    const known = onlyKnown(value, Object(input) as object);
    CHECKED.set(Object(known) as object, { metatype: metadata.metatype, input });
    return known;
  }
}

/** What was sent, without the fields that are not in the DTO. */
function onlyKnown(value: unknown, dto: object): unknown {
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => field in dto));
}

/** `@IsOptional` lets a null through, but handlers are written for fields that are absent. */
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
