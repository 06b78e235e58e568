import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsOptional, IsString, MaxLength, MinLength, ValidateBy } from 'class-validator';

/**
 * Characters that are invisible but change how text looks: controls, line breaks, marks that reverse its direction,
 * invisible letters. Joiners and variation selectors are allowed, because emoji and Persian need them.
 */
const HIDDEN_CHARACTER =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u2800]|(?!\u200c|\u200d|[\ufe00-\ufe0f])[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const EVERY_HIDDEN_CHARACTER = new RegExp(HIDDEN_CHARACTER, 'gu');
const VISIBLE_CHARACTER = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Postgres cannot store a NUL, and a lone surrogate is half a character. */
const UNSTORABLE_CHARACTER = /[\0\p{Cs}]/u;

/** The code of a field error. */
export const HIDDEN_CHARACTERS = 'hidden-characters';

/** Whether any kind of text can be stored and sent. */
export const isStorable = (text: string): boolean => !UNSTORABLE_CHARACTER.test(text);

/** Whether people can see all of a text. Empty text counts as visible. */
export const isVisible = (text: string): boolean =>
  text === '' || (!HIDDEN_CHARACTER.test(text) && VISIBLE_CHARACTER.test(text));

/** Returns untrusted text for display, with every hidden character replaced by `\uFFFD`. */
export const withHiddenCharactersShown = (text: string): string =>
  text.normalize('NFC').replace(EVERY_HIDDEN_CHARACTER, '\uFFFD');

interface FreeTextOptions {
  /** In UTF-16 units, after trimming. @default 1 */
  minLength?: number;
  maxLength: number;
  /** Whether the field can be absent or blank. @default false */
  isOptional?: boolean;
}

/**
 * A field of a DTO with one line of text for other people to read. It is trimmed and normalised (NFC), and rejected with
 * the code `hidden-characters` if part of it is invisible.
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
