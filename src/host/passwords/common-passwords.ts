import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../http/index.js';

/** The public password of the demo users; the README shows it. */
export const DEMO_PASSWORD = 'correct horse battery staple';

let list: ReadonlySet<string> | undefined;

/** Loads the list, about 4 MB, when it is first needed. */
function commonPasswords(): ReadonlySet<string> {
  const file = join(PACKAGE_ROOT, 'passwords', 'common-passwords.txt');
  list ??= new Set([...readFileSync(file, 'utf8').split('\n').filter(Boolean), compact(DEMO_PASSWORD)]);
  return list;
}

const compact = (text: string) => text.replaceAll(/\s/g, '');

/**
 * Whether a password is on the list of breached passwords (see passwords/README.md), ignoring case and spaces.
 * @param password after NFKC
 */
export function isCommonPassword(password: string): boolean {
  const lower = password.toLowerCase().normalize('NFKC');
  return commonPasswords().has(lower) || commonPasswords().has(compact(lower));
}
