import { createHash, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { validate, version } from 'uuid';
import type { ProviderVerdict } from '../provider/outcomes.js';
import { type Price, readPrice } from '../provider/price.js';

/** What a notification of Verify v2 says, as far as it is of any use to us. */
export interface VonageNotification {
  providerRequestId: string;
  /** Our own id, which it carries as `client_ref`; null: it is not about a request of ours. */
  requestId: string | null;
  verdict: ProviderVerdict | null;
  /** For the journal: `summary completed`, `event failed sms`. */
  description: string;
  price: Price | null;
}

/**
 * Checks `Authorization: Bearer <JWT>`: signed with the account's signature secret by HS256 and nothing else, over exactly
 * these bytes. How old it may be is the database's to say.
 * @returns when it was signed, in seconds; null for a forgery
 */
export function signedAt(authorization: string | undefined, body: Buffer, secret: string): number | null {
  const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '') ?? [];
  if (!token) return null;
  try {
    // Its own expiry check uses this machine's clock, which may be wrong.
    const claims = jwt.verify(token, secret, {
      algorithms: ['HS256'],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
    if (typeof claims === 'string' || !isTimestamp(claims.iat)) return null;
    const claimed = Buffer.from(String(claims['payload_hash']).toLowerCase());
    const actual = Buffer.from(createHash('sha256').update(body).digest('hex'));
    return claimed.length === actual.length && timingSafeEqual(claimed, actual) ? claims.iat : null;
  } catch {
    return null;
  }
}

/** In seconds, up to the year 9999. */
const isTimestamp = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < 253_402_300_800;

const VERDICTS: Record<string, ProviderVerdict> = {
  'event completed': 'verified',
  'event blocked': 'blocked',
  'summary completed': 'verified',
  'summary failed': 'failed',
  'summary expired': 'expired',
  'summary blocked': 'blocked',
};

const word = (value: unknown) => (typeof value === 'string' && /^[a-z_]{1,32}$/.test(value) ? value : null);

/** @returns null if this is not a notification of Verify v2 */
export function readNotification(body: unknown): VonageNotification | null {
  const { request_id, client_ref, type, status, channel, price, currency } = (body ?? {}) as Record<
    string,
    unknown
  >;
  const kind = word(type);
  const state = word(status);
  if (typeof request_id !== 'string' || !/^[\w-]{1,64}$/.test(request_id) || !kind || !state) return null;
  const said = `${kind} ${state}`;
  return {
    providerRequestId: request_id,
    requestId: toUuid(client_ref),
    verdict: VERDICTS[said] ?? null,
    description: [said, word(channel)].filter(Boolean).join(' '),
    price: readPrice(price, currency ?? 'EUR'),
  };
}

/** `client_ref` is our id without its hyphens: Vonage takes letters and digits only. */
function toUuid(reference: unknown): string | null {
  if (typeof reference !== 'string' || !/^[0-9a-f]{32}$/i.test(reference)) return null;
  const id = reference.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return validate(id) && version(id) === 7 ? id : null;
}
