import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatKeyRing, type KeyRing, parseKeyRing } from '../crypto/key-ring.js';

export interface GeneratedKeys {
  encryption: KeyRing;
  fingerprint: KeyRing;
}

/**
 * Keys for a machine that was given none: made once and kept beside the embedded database
 * (mode 0600), so that a second start can read what the first one stored. Never in production.
 */
export function loadOrGenerateKeys(dataDirectory: string): GeneratedKeys {
  return loadOrGenerate(
    join(dataDirectory, 'keys.json'),
    ['encryption', 'fingerprint'],
    'restore it, or delete it together with the database it belongs to',
  );
}

/** The same for the keys that sign session cookies, in a file of their own. */
export function loadOrGenerateSessionKeys(dataDirectory: string): KeyRing {
  const { sessions } = loadOrGenerate(
    join(dataDirectory, 'session-keys.json'),
    ['sessions'],
    'delete it, which signs everybody out',
  );
  return sessions;
}

function loadOrGenerate<Name extends string>(
  file: string,
  names: readonly Name[],
  whatToDo: string,
): Record<Name, KeyRing> {
  const existing = read(file, names, whatToDo);
  if (existing) return existing;

  mkdirSync(dirname(file), { recursive: true });
  const fresh = names.map((name) => [name, formatKeyRing([{ id: 'dev1', secret: randomBytes(32) }])]);
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, JSON.stringify(Object.fromEntries(fresh)), { mode: 0o600 });
  try {
    // A hard link appears whole or not at all and fails if the name is taken: of two first starts one wins.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file, names, whatToDo)!;
}

function read<Name extends string>(
  file: string,
  names: readonly Name[],
  whatToDo: string,
): Record<Name, KeyRing> | null {
  try {
    const stored = JSON.parse(readFileSync(file, 'utf8')) as Record<Name, string>;
    return Object.fromEntries(names.map((name) => [name, parseKeyRing(stored[name])])) as Record<
      Name,
      KeyRing
    >;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${file} is unreadable; ${whatToDo}`, { cause: error });
  }
}
