import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Key, KeyRing } from '../config/key-ring.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

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
  fingerprint(kind: 'phone' | 'caller', text: string): Buffer {
    return createHmac('sha256', this.keys.fingerprint[0].secret).update(`${kind}\0${text}`).digest();
  }
}
