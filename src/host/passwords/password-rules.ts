import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsString, ValidateBy } from 'class-validator';
import { isCommonPassword } from './common-passwords.js';

/** In code points after NFKC, as people count characters. */
export const PASSWORD_LENGTH = { min: 12, max: 128 } as const;

/** The one spelling of a password: how a keyboard composes its characters makes no difference. */
export const normalisePassword = (text: string): string => text.normalize('NFKC');

const lengthOf = (password: string) => [...password].length;

/** Whether an account can have this password: what is longer is not worth hashing. */
export const isPossiblePassword = (password: string): boolean => lengthOf(password) <= PASSWORD_LENGTH.max;

/** What is wrong with a normalised password that somebody chooses: a code for `field.password.…`, or null. */
export function passwordProblem(password: string): 'too-short' | 'too-long' | 'malformed' | 'common' | null {
  const length = lengthOf(password);
  if (length < PASSWORD_LENGTH.min) return 'too-short';
  if (length > PASSWORD_LENGTH.max) return 'too-long';
  // A lone surrogate has no UTF-8: all of them would be hashed as the same character.
  if (/\p{Surrogate}/u.test(password)) return 'malformed';
  return isCommonPassword(password) ? 'common' : null;
}

/** On a field of a DTO: a password that somebody chooses, normalised. */
export const NewPassword = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ minLength: PASSWORD_LENGTH.min, description: 'At most 128 characters, after NFKC.' }),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? normalisePassword(value) : value,
    ),
    ...(['common', 'malformed', 'too-long', 'too-short'] as const).map((problem) =>
      ValidateBy(
        {
          name: problem,
          validator: {
            validate: (value) => typeof value !== 'string' || passwordProblem(value) !== problem,
          },
        },
        { message: problem },
      ),
    ),
    IsString({ message: 'required' }),
  );
