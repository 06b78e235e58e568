import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsOptional, IsString, MaxLength, MinLength, ValidateBy } from 'class-validator';

/**
 * Characters that a reader does not see, though they change what the reader sees: controls, line breaks, marks that turn
 * the direction of text around, invisible letters. Joiners and variation selectors stay: emoji and Persian need them.
 */
const HIDDEN_CHARACTER =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u2800]|(?!\u200c|\u200d|[\ufe00-\ufe0f])[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const EVERY_HIDDEN_CHARACTER = new RegExp(HIDDEN_CHARACTER, 'gu');
const VISIBLE_CHARACTER = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Postgres cannot store the first; the second is half of a character. */
const UNSTORABLE_CHARACTER = /[\0\p{Cs}]/u;

/** The code of a field error. */
export const HIDDEN_CHARACTERS = 'hidden-characters';

/** Whether a text of any kind can be stored and sent. */
export const isStorable = (text: string): boolean => !UNSTORABLE_CHARACTER.test(text);

/** Whether people see all of a text. An empty text hides nothing. */
export const isVisible = (text: string): boolean =>
  text === '' || (!HIDDEN_CHARACTER.test(text) && VISIBLE_CHARACTER.test(text));

/** A text from elsewhere as it may be shown: what was hidden in it is seen as `\uFFFD`. */
export const withHiddenCharactersShown = (text: string): string =>
  text.normalize('NFC').replace(EVERY_HIDDEN_CHARACTER, '\uFFFD');

export interface FreeTextOptions {
  /** In UTF-16 units, after trimming. @default 1 */
  minLength?: number;
  maxLength: number;
  /** May be left out or blank. @default false */
  isOptional?: boolean;
}

/**
 * On a field of a DTO: a line that somebody types for others to read. Trimmed, in Unicode's composed form (NFC), and
 * refused with the code `hidden-characters` when something in it cannot be seen.
 */
export function FreeText({ minLength = 1, maxLength, isOptional = false }: FreeTextOptions) {
  return applyDecorators(
    ...(isOptional ? [IsOptional()] : []),
    Transform(({ value }: { value: unknown }) => {
      if (typeof value !== 'string') return value;
      const text = value.trim().normalize('NFC');
      return isOptional && text === '' ? undefined : text;
    }),
    IsString({ message: isOptional ? 'malformed' : 'required' }),
    MinLength(minLength, { message: 'required' }),
    MaxLength(maxLength, { message: 'too-long' }),
    ValidateBy(
      { name: 'isVisible', validator: { validate: (text) => typeof text === 'string' && isVisible(text) } },
      { message: HIDDEN_CHARACTERS },
    ),
  );
}
