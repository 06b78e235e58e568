/** Fingerprints that only have to be told apart are cut: 120 bits are 20 characters in a record, without padding. */
export const bucketKey = (fingerprint: Buffer): Buffer => fingerprint.subarray(0, 15);
