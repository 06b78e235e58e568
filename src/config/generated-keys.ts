import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatKeyRing, type KeyRing, parseKeyRing } from './key-ring.js';

export interface GeneratedKeys {
  encryption: KeyRing;
  fingerprint: KeyRing;
}

/**
 * Keys for a machine that was given none: made once and kept beside the embedded database
 * (mode 0600), so that a second start can read what the first one stored. Never in production.
 */
export function loadOrGenerateKeys(dataDirectory: string): GeneratedKeys {
  const file = join(dataDirectory, 'keys.json');
  const existing = read(file);
  if (existing) return existing;

  mkdirSync(dataDirectory, { recursive: true });
  const fresh = () => formatKeyRing([{ id: 'dev1', secret: randomBytes(32) }]);
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, JSON.stringify({ encryption: fresh(), fingerprint: fresh() }), { mode: 0o600 });
  try {
    // A hard link appears whole or not at all and fails if the name is taken: of two first starts one wins.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file)!;
}

function read(file: string): GeneratedKeys | null {
  try {
    const stored = JSON.parse(readFileSync(file, 'utf8')) as Record<'encryption' | 'fingerprint', string>;
    return { encryption: parseKeyRing(stored.encryption), fingerprint: parseKeyRing(stored.fingerprint) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(
      `${file} is unreadable; restore it, or delete it together with the database it belongs to`,
      {
        cause: error,
      },
    );
  }
}
