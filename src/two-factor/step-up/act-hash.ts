import { createHash } from 'node:crypto';

/** Two acts have the same hash when everything is the same that was confirmed: the name for programs, and the payload. */
export function hashOf({ action, payload }: { action: string; payload: unknown }): Buffer {
  // As it is stored: a date, for one, has no members that could differ before it is JSON.
  const stored = JSON.parse(JSON.stringify({ payload })) as { payload?: unknown };
  return createHash('sha256')
    .update(JSON.stringify([action, inOrder(stored.payload)]))
    .digest();
}

/** Sorts the members of objects, so that their order does not matter. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return { members: entries.map(([key, each]) => [key, inOrder(each)]) };
}
