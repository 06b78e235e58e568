import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../../../crypto/index.js';

/**
 * Computes the codes of messages, so that none is ever stored: a code is the HMAC-SHA-256 of its message's random id under
 * a secret key, reduced to digits (docs/decisions/0022). Whoever has the database and not the key learns nothing.
 */
export class OneTimeCodes {
  constructor(private readonly keys: KeyRing) {}

  /** The id of the key for new messages. */
  get newestKey(): string {
    return this.keys[0].id;
  }

  /** @returns null when the key is not in the ring any more */
  codeOf(messageId: string, keyId: string, length: number): string | null {
    const key = this.keys.find(({ id }) => id === keyId);
    if (!key) return null;
    const digest = createHmac('sha256', key.secret).update(`sent-code\0${messageId}`).digest();
    // 64 bits against 10 digits at most: every code is equally likely, to one in a billion.
    return String(digest.readBigUInt64BE() % 10n ** BigInt(length)).padStart(length, '0');
  }

  /** The ids of the keys under which this is the message's code. */
  keysFor(messageId: string, code: string): string[] {
    const typed = Buffer.from(code);
    return this.keys
      .map(({ id }) => id)
      .filter((id) => timingSafeEqual(Buffer.from(this.codeOf(messageId, id, typed.length)!), typed));
  }
}
