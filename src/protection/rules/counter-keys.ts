import type { PersonalDataCipher } from '../../crypto/index.js';
import { CONFIRMED } from '../../verification/index.js';

/** Fingerprints that only have to be told apart are cut to 120 bits. */
const cut = (fingerprint: Buffer): Buffer => fingerprint.subarray(0, 15);

/** The key of a counter, and the same under fingerprint keys that are being replaced. */
export function counterKeys(
  cipher: PersonalDataCipher,
  scope: string,
  text: string,
): { key: Buffer; olderKeys: Buffer[] } {
  const [key, ...olderKeys] = cipher.fingerprints('limit', `${scope} ${text}`).map(cut);
  return { key: key!, olderKeys };
}

/** What a prefix is stopped under. */
export const prefixKey = (cipher: PersonalDataCipher, prefix: string): Buffer =>
  counterKeys(cipher, 'prefix', prefix).key;

/** What a number's counter is named by. That of a confirmed one names its user, too. */
export const confirmedNumber = (e164: string, userId: string): string => `${e164} ${userId}`;

/** Every counter that names one of these numbers (for any of the users), or the erased user: for erasing a person. */
export function counterKeysOf(
  cipher: PersonalDataCipher,
  { e164s, userIds, erasedUserId }: { e164s: string[]; userIds: string[]; erasedUserId?: string },
): Buffer[] {
  const named: [scope: string, text: string][] = [
    ...e164s.map((e164): [string, string] => ['number', e164]),
    ...e164s.flatMap((e164) =>
      userIds.map((userId): [string, string] => [`${CONFIRMED}number`, confirmedNumber(e164, userId)]),
    ),
    ...(erasedUserId
      ? ['user', `${CONFIRMED}user`, RESERVE].map((scope): [string, string] => [scope, erasedUserId])
      : []),
  ];
  return named.flatMap(([scope, text]) => {
    const { key, olderKeys } = counterKeys(cipher, scope, text);
    return [key, ...olderKeys];
  });
}

/** Counts the messages that each user has outside the budgets. */
export const RESERVE = `${CONFIRMED}reserve`;
