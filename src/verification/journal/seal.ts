import { createHash } from 'node:crypto';
import type { JournalRow } from './journal-source.js';

const ID_BYTES = 16;
const NUMBER_BYTES = 4;
const HASH_BYTES = 8;
const LEAF_BYTES = ID_BYTES + NUMBER_BYTES + HASH_BYTES;
/** Where a row of the audit has no request. */
const NO_REQUEST = Buffer.alloc(ID_BYTES);

/** What a seal fixes. Its hash covers all of it, and the previous seal's hash. */
export interface SealContent {
  journal: string;
  number: number;
  rowCount: number;
  newestAt: Date;
  contentHash: Buffer;
}

/** The short hash that a seal keeps of one row. */
export interface Leaf {
  requestId: string | null;
  number: number;
  /** Hex. */
  hash: string;
}

const canonical = ({ values }: JournalRow) => JSON.stringify(values);

/** @returns SHA-256 over the rows in their order */
export function contentHashOf(rows: readonly JournalRow[]): Buffer {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(canonical(row)).update('\n');
  return hash.digest();
}

/** @param previous hash of the seal before it; null for the first one */
export function sealHashOf(previous: Buffer | null, content: SealContent): Buffer {
  const { journal, number, rowCount, newestAt, contentHash } = content;
  return createHash('sha256')
    .update(previous ?? '')
    .update(JSON.stringify([journal, number, rowCount, newestAt.toISOString(), contentHash.toString('hex')]))
    .digest();
}

/** @returns the leaf of each row, in the same order, one after the other */
export function leavesOf(rows: readonly JournalRow[]): Buffer {
  return Buffer.concat(
    rows.map((row) => {
      const leaf = Buffer.alloc(LEAF_BYTES);
      const id = row.requestId === null ? NO_REQUEST : Buffer.from(row.requestId.replaceAll('-', ''), 'hex');
      id.copy(leaf);
      leaf.writeUInt32BE(row.number, ID_BYTES);
      createHash('sha256')
        .update(canonical(row))
        .digest()
        .copy(leaf, ID_BYTES + NUMBER_BYTES, 0, HASH_BYTES);
      return leaf;
    }),
  );
}

/** The reverse of {@link leavesOf}. */
export function readLeaves(leaves: Buffer): Leaf[] {
  return Array.from({ length: Math.floor(leaves.length / LEAF_BYTES) }, (_, index) => {
    const leaf = leaves.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES);
    const id = leaf.subarray(0, ID_BYTES);
    return {
      requestId: id.equals(NO_REQUEST)
        ? null
        : id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
      number: leaf.readUInt32BE(ID_BYTES),
      hash: leaf.subarray(ID_BYTES + NUMBER_BYTES).toString('hex'),
    };
  });
}
