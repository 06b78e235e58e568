import { createHash, createHmac, randomUUID } from 'node:crypto';

/**
 * The token that Vonage puts into the Authorization header of a webhook: HS256 with the account's signature secret.
 *
 * Every attempt is signed anew, so a retry has another `jti` and `iat` over the same body: Vonage's guide has callbacks
 * that went out unsigned arrive signed when they are retried. `iat` is real time whatever the sandbox's clock skipped,
 * for the receiver compares it with its own.
 */
export function signWebhook(body: string, secret: string, apiKey: string): string {
  const claims = {
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    iss: 'Vonage',
    payload_hash: createHash('sha256').update(body).digest('hex'),
    api_key: apiKey,
  };
  const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
