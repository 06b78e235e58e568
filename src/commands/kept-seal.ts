import type { KeptSeal } from '../verification/index.js';

/** @throws Error when it is not a number, a colon and a hash */
export function keptSealOf(text: string): KeptSeal {
  const match = /^(\d+):([0-9a-f]{64})$/i.exec(text);
  if (!match)
    throw new Error(`"${text}" is not a seal such as 12:9f86d0… (a number, a colon, 64 hex digits)`);
  return { number: Number(match[1]), hash: match[2]!.toLowerCase() };
}
