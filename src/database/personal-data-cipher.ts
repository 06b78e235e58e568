import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Key, KeyRing } from '../config/key-ring.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The form of sealed values: `v2:<key id>:<base64url>`. Version 1, `<key id>:<base64url>`, was bound to the row's id only. */
const VERSION = 'v2';

/** Every column that holds sealed values. */
export type SealedColumn =
  | 'verification_requests.phone_number'
  | 'enrolled_phones.phone_number'
  | 'authenticators.secret'
  | 'step_up_grants.summary'
  | 'block_entries.value';

/** Keeps fingerprints of a number, a caller and what a limit counts by apart. */
type Kind = 'phone' | 'caller' | 'code' | 'limit';

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
   * @param options.acceptVersion1 also opens values of version 1. Only the key rotation may set it.
   * @throws Error when the key is not in the ring, the form is old, or the value was altered or copied from another place
   */
  open(
    sealed: string,
    column: SealedColumn,
    rowId: string,
    { acceptVersion1 = false }: OpenOptions = {},
  ): string {
    const parts = sealed.split(':');
    if (parts.length === 3 && parts[0] === VERSION) {
      return this.decrypt(parts[1]!, parts[2]!, placeOf(column, rowId));
    }
    if (!acceptVersion1 || parts.length !== 2) {
      throw new Error(
        `${column} holds a value in an older form: run npm run keys:rotate -- --reseal-version-1`,
      );
    }
    return this.decrypt(parts[0]!, parts[1]!, Buffer.from(rowId));
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

  /** Of a user's id, as the record of decisions names users; under every key, newest first. */
  userFingerprints(userId: string): [Buffer, ...Buffer[]] {
    return this.fingerprints('limit', `decision user ${userId}`);
  }

  /** Of a network address, as the record of decisions names addresses; under every key, newest first. */
  addressFingerprints(addressBucket: string): [Buffer, ...Buffer[]] {
    return this.fingerprints('limit', `decision address ${addressBucket}`);
  }

  /** Which keys new values are written under. */
  get newestKeys(): { encryption: string; fingerprint: string } {
    return { encryption: this.keys.encryption[0].id, fingerprint: this.keys.fingerprint[0].id };
  }

  /** Whether a sealed value is in the present form and under the newest key. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${VERSION}:${this.keys.encryption[0].id}:`);
  }

  private decrypt(keyId: string, encoded: string, place: Buffer): string {
    const key = this.keys.encryption.find((candidate: Key) => candidate.id === keyId);
    if (!key) throw new Error(`encryption key "${keyId}" is not in the key ring`);
    const bytes = Buffer.from(encoded, 'base64url');
    const decipher = createDecipheriv(ALGORITHM, key.secret, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(place)
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }
}

/** How a value may be opened. */
export interface OpenOptions {
  /** @default false */
  acceptVersion1?: boolean;
}

const placeOf = (column: SealedColumn, rowId: string) => Buffer.from(`${VERSION}\0${column}\0${rowId}`);

const fingerprint = (key: Key, kind: string, text: string) =>
  createHmac('sha256', key.secret).update(`${kind}\0${text}`).digest();
