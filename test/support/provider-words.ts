import type { Tap } from './tcp-proxy.js';

const KEEP = 200;
const MATCHED = /"request_id":"([\w-]+)","status":"completed"/g;
const CALL = /(?:POST|DELETE) \/v2\/verify(\/[^ ]*)? HTTP\/1\.1\r\n/g;

/**
 * What the provider (Verify v2) was asked and what it said, as heard on the wire between it and the application: so
 * nothing that the application claims has to be believed.
 */
export class ProviderWords {
  /** The provider's ids of requests that it called completed. */
  readonly matched = new Set<string>();
  /** When calls were made, by `performance.now()`, also such as nobody heard. */
  readonly callsAt: number[] = [];
  private readonly carried = new Map<string, string>();

  /** For `startTcpProxy`. */
  readonly tap: Tap = (direction, bytes, connection) => {
    const lane = `${direction} ${connection}`;
    const text = (this.carried.get(lane) ?? '') + bytes.toString('latin1');
    let read = 0;
    for (const found of text.matchAll(direction === 'answer' ? MATCHED : CALL)) {
      read = found.index + found[0].length;
      if (direction === 'answer') this.matched.add(found[1]!);
      else this.callsAt.push(performance.now());
    }
    this.carried.set(lane, text.slice(Math.max(read, text.length - KEEP)));
  };

  /** The most calls within one second, of those from `since` on. */
  busiestSecond(since = 0): number {
    const calls = this.callsAt.filter((at) => at >= since);
    let most = 0;
    for (let last = 0, first = 0; last < calls.length; last += 1) {
      while (calls[last]! - calls[first]! >= 1000) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }
}
