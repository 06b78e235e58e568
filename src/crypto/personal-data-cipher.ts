import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Key, KeyRing } from './key-ring.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The format of encrypted values: `v1:<key id>:<base64url>`. */
const VERSION = 'v1';

/** Every place that holds encrypted values: columns, and the cookies of `http/flash.ts`. */
export type SealedColumn =
  | 'flash cookie'
  | 'verification_requests.phone_number'
  | 'enrolled_phones.phone_number'
  | 'authenticators.secret'
  | 'step_up_grants.summary'
  | 'kept_posts.about'
  | 'kept_posts.body'
  | 'step_up_grants.act'
  | 'block_entries.value'
  | 'key_canaries.value';

/** What a fingerprint is of; the same text has another fingerprint for each kind. */
type Kind = 'phone' | 'caller' | 'code' | 'limit' | 'canary';

/**
 * Encrypts personal data that must be read back (AES-256-GCM, a random 96-bit IV each) and fingerprints what must only
 * be found again (HMAC-SHA-256 under a key of its own, because phone numbers are few enough to be guessed from a plain
 * hash). The additional authenticated data of a sealed value names its table, column and row, so a value that is copied
 * to another place does not open there.
 */
export class PersonalDataCipher {
  constructor(private readonly keys: { encryption: KeyRing; fingerprint: KeyRing }) {}

  /**
   * Encrypts a text for one place in the database.
   * @param column the table and column where it will be stored
   * @param rowId the id of its row
   */
  seal(plain: string, column: SealedColumn, rowId: string): string {
    const key = this.keys.encryption[0];
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key.secret, iv).setAAD(placeOf(column, rowId));
    const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${VERSION}:${key.id}:${sealed.toString('base64url')}`;
  }

  /**
   * Decrypts a value that was read from this column of this row.
   * @throws Error when the key is not in the ring, or the value was altered or copied from another place
   */
  open(sealed: string, column: SealedColumn, rowId: string): string {
    const [version, keyId, encoded] = sealed.split(':');
    if (version !== VERSION || !keyId || !encoded) throw new Error(`${column} holds no encrypted value`);
    const key = this.keys.encryption.find(({ id }) => id === keyId);
    if (!key) throw new Error(`encryption key "${keyId}" is not in the key ring`);
    const bytes = Buffer.from(encoded, 'base64url');
    const decipher = createDecipheriv(ALGORITHM, key.secret, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(placeOf(column, rowId))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  /** Returns 32 bytes, the same for the same text under the newest key. */
  fingerprint(kind: Kind, text: string): Buffer {
    return fingerprint(this.keys.fingerprint[0], kind, text);
  }

  /** Returns the fingerprint under one key; null when it is not in the ring. */
  fingerprintUnder(keyId: string, kind: Kind, text: string): Buffer | null {
    const key = this.keys.fingerprint.find(({ id }) => id === keyId);
    return key ? fingerprint(key, kind, text) : null;
  }

  /** Returns the fingerprint under every key, newest first: rows may still hold those of older keys. */
  fingerprints(kind: Kind, text: string): [Buffer, ...Buffer[]] {
    const [newest, ...older] = this.keys.fingerprint;
    return [fingerprint(newest, kind, text), ...older.map((key) => fingerprint(key, kind, text))];
  }

  /** Fingerprints of a user's id as decisions hold them, under every key, newest first. */
  userFingerprints(userId: string): [Buffer, ...Buffer[]] {
    return this.fingerprints('limit', `decision user ${userId}`);
  }

  /** Fingerprints of a network address as decisions hold them, under every key, newest first. */
  addressFingerprints(addressBucket: string): [Buffer, ...Buffer[]] {
    return this.fingerprints('limit', `decision address ${addressBucket}`);
  }

  /** The ids of the keys that new values are written under. */
  get newestKeys(): { encryption: string; fingerprint: string } {
    return { encryption: this.keys.encryption[0].id, fingerprint: this.keys.fingerprint[0].id };
  }

  /** Whether a value is encrypted under the newest key. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${VERSION}:${this.keys.encryption[0].id}:`);
  }
}

const placeOf = (column: SealedColumn, rowId: string) => Buffer.from(`${VERSION}\0${column}\0${rowId}`);

const fingerprint = (key: Key, kind: string, text: string) =>
  createHmac('sha256', key.secret).update(`${kind}\0${text}`).digest();
