import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsString, ValidateBy } from 'class-validator';
import { isCommonPassword } from './common-passwords.js';

/** In code points after NFKC, as people count characters. */
export const PASSWORD_LENGTH = { min: 12, max: 128 } as const;

/** Normalises a password, because keyboards compose the same characters differently. */
export const normalisePassword = (text: string): string => text.normalize('NFKC');

const lengthOf = (password: string) => [...password].length;

/** Whether a password is short enough to be hashed. */
export const isPossiblePassword = (password: string): boolean => lengthOf(password) <= PASSWORD_LENGTH.max;

/** The error code of each rule for new passwords, with its limit. Their messages are `field.host.password.<code>`. */
const RULES = {
  common: [],
  malformed: [],
  'too-long': [PASSWORD_LENGTH.max],
  'too-short': [PASSWORD_LENGTH.min],
};

/** Returns the code of the rule that a new, normalised password breaks, or null. */
export function passwordProblem(password: string): keyof typeof RULES | null {
  const length = lengthOf(password);
  if (length < PASSWORD_LENGTH.min) return 'too-short';
  if (length > PASSWORD_LENGTH.max) return 'too-long';
  // Lone surrogates have no UTF-8: they would all be hashed as the same character.
  if (/\p{Surrogate}/u.test(password)) return 'malformed';
  return isCommonPassword(password) ? 'common' : null;
}

/** A field of a DTO with a new password, normalised. */
export const NewPassword = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ minLength: PASSWORD_LENGTH.min, description: 'At most 128 characters, after NFKC.' }),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? normalisePassword(value) : value,
    ),
    ...Object.entries(RULES).map(([problem, constraints]) =>
      ValidateBy(
        {
          name: problem,
          constraints,
          validator: {
            validate: (value) => typeof value !== 'string' || passwordProblem(value) !== problem,
          },
        },
        { message: problem },
      ),
    ),
    IsString({ message: 'required' }),
  );
