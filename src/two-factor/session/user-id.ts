import { MisuseError } from '../../options/misuse-error.js';

/**
 * A user's id as it is stored and compared, which is text: a token holds no numbers as subject.
 * @throws MisuseError for what names nobody. All whose id is undefined would be one user.
 */
export function userIdOf(given: unknown): string {
  if (Number.isSafeInteger(given) || typeof given === 'bigint') return String(given);
  if (typeof given === 'string' && given.trim() !== '') return given;
  throw new MisuseError(
    `a user's id is a text or a whole number, not ${given === '' ? 'empty' : typeof given}`,
  );
}
