import type { PersonalDataCipher } from '../database/personal-data-cipher.js';
import { CONFIRMED } from '../verification/index.js';

/** Fingerprints that only have to be told apart are cut: 120 bits are 20 characters in a record, without padding. */
export const bucketKey = (fingerprint: Buffer): Buffer => fingerprint.subarray(0, 15);

/** Keys of a bucket, under the newest fingerprint key and those that are being replaced. */
export const bucketKeys = (cipher: PersonalDataCipher, scope: string, text: string): Buffer[] =>
  cipher.fingerprints('limit', `${scope} ${text}`).map(bucketKey);

/** What a number's bucket is named by; that of a confirmed one names its user, too. */
export const confirmedNumber = (e164: string, userId: string): string => `${e164} ${userId}`;

/**
 * Every bucket that names one of these numbers (for whomever of the users it is confirmed), or the erased user: for
 * erasing a person.
 */
export function bucketKeysOf(
  cipher: PersonalDataCipher,
  { e164s, userIds, erasedUserId }: { e164s: string[]; userIds: string[]; erasedUserId?: string },
): Buffer[] {
  return [
    ...e164s.flatMap((e164) => bucketKeys(cipher, 'number', e164)),
    ...e164s.flatMap((e164) =>
      userIds.flatMap((userId) => bucketKeys(cipher, `${CONFIRMED}number`, confirmedNumber(e164, userId))),
    ),
    ...(erasedUserId
      ? ['user', `${CONFIRMED}user`].flatMap((scope) => bucketKeys(cipher, scope, erasedUserId))
      : []),
  ];
}
