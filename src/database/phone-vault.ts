import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Key, KeyRing } from '../config/key-ring.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Keeps fingerprints of a number, a caller and what a limit counts by apart. */
type Kind = 'phone' | 'caller' | 'code' | 'limit';

/**
 * How personal data rests in the database: encrypted where it must be read back (AES-256-GCM, a random 96-bit IV each,
 * bound to its row), fingerprinted where it must only be found again (HMAC-SHA-256 under a key of its own, because
 * phone numbers are few enough to be guessed from a plain hash).
 */
export class PhoneVault {
  constructor(private readonly keys: { encryption: KeyRing; fingerprint: KeyRing }) {}

  /** @param rowId the row it will live in: a value copied to another row does not open there */
  seal(plain: string, rowId: string): string {
    const key = this.keys.encryption[0];
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key.secret, iv).setAAD(Buffer.from(rowId));
    const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${key.id}:${sealed.toString('base64url')}`;
  }

  /** @throws Error when the key is not in the ring, or the value is altered or from another row */
  open(sealed: string, rowId: string): string {
    const [id, encoded] = sealed.split(':', 2);
    const key = this.keys.encryption.find((candidate: Key) => candidate.id === id);
    if (!key) throw new Error(`encryption key "${id}" is not in the key ring`);
    const bytes = Buffer.from(encoded ?? '', 'base64url');
    const decipher = createDecipheriv(ALGORITHM, key.secret, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(rowId))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  /** 32 bytes, the same for the same text under the newest key. @param kind keeps a number and an address apart */
  fingerprint(kind: Kind, text: string): Buffer {
    return fingerprint(this.keys.fingerprint[0], kind, text);
  }

  /** Under every key, newest first: what may have been written before the newest key came. */
  fingerprints(kind: Kind, text: string): [Buffer, ...Buffer[]] {
    const [newest, ...older] = this.keys.fingerprint;
    return [fingerprint(newest, kind, text), ...older.map((key) => fingerprint(key, kind, text))];
  }

  /** Which keys new values are written under. */
  get newestKeys(): { encryption: string; fingerprint: string } {
    return { encryption: this.keys.encryption[0].id, fingerprint: this.keys.fingerprint[0].id };
  }

  /** Whether a sealed value is under the newest key. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${this.keys.encryption[0].id}:`);
  }
}

const fingerprint = (key: Key, kind: string, text: string) =>
  createHmac('sha256', key.secret).update(`${kind}\0${text}`).digest();
