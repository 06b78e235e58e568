/** One secret key of 32 bytes and the short id that stored values name it by. */
export interface Key {
  id: string;
  secret: Buffer;
}

/** Newest first: the first key writes, every key reads. */
export type KeyRing = readonly [Key, ...Key[]];

const EXPECTED = '"<id>:<32 bytes in base64>", newest first, separated by commas (openssl rand -base64 32)';

/**
 * Parses `id:base64,id:base64`.
 * @throws Error whose message says what was expected; it never repeats the value.
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
    .map((entry): Key => {
      const [, id, encoded] = /^([A-Za-z0-9_-]{1,16}):([A-Za-z0-9+/_-]{43}=?)$/.exec(entry) ?? [];
      const secret = Buffer.from(encoded ?? '', 'base64');
      if (!id || secret.length !== 32) throw new Error(EXPECTED);
      return { id, secret };
    });
  if (keys.length === 0) throw new Error(EXPECTED);
  if (new Set(keys.map((key) => key.id)).size !== keys.length) throw new Error(`${EXPECTED}; each id once`);
  return keys as unknown as KeyRing;
}

/** The spelling that {@link parseKeyRing} reads. */
export function formatKeyRing(ring: KeyRing): string {
  return ring.map((key) => `${key.id}:${key.secret.toString('base64')}`).join(',');
}
