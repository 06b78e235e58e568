import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';
import { Overload } from './overload.js';

/** A pool whose queue the test moves. */
class QueueingPool extends EventEmitter {
  waitingCount = 0;

  handOut(connections: number): void {
    this.waitingCount -= connections;
    for (let i = 0; i < connections; i += 1) this.emit('acquire');
  }
}

describe('Overload', () => {
  let pool: QueueingPool;
  let overload: Overload;
  beforeEach(() => {
    jest.useFakeTimers({ advanceTimers: false });
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    pool = new QueueingPool();
    overload = new Overload(pool as unknown as Pool, 5000);
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  /** Ten seconds in which so many connections a second are handed out, and as many wait as came. @returns when it refused */
  function refusedSeconds(perSecond: number, arrivals: (second: number) => number): number[] {
    const refused: number[] = [];
    for (let second = 0; second < 10; second += 1) {
      pool.waitingCount += arrivals(second);
      if (overload.isOverloaded) refused.push(second);
      pool.handOut(Math.min(perSecond, pool.waitingCount));
      jest.advanceTimersByTime(1000);
    }
    return refused;
  }

  it('refuses nobody of a burst that is served within the wait', () => {
    expect(refusedSeconds(50, (second) => (second === 0 ? 200 : 0))).toEqual([]);
  });

  it('refuses nobody while as many are served as come', () => {
    expect(refusedSeconds(50, () => 50)).toEqual([]);
  });

  it('refuses while the queue is longer than is served within the wait, and no longer', () => {
    const refused = refusedSeconds(20, (second) => (second === 0 ? 200 : 0));
    expect(refused).toEqual([1, 2, 3, 4]);
    expect(overload.isOverloaded).toBe(false);
  });

  it('tells operators once in ten seconds', () => {
    refusedSeconds(1, () => 100);
    expect(jest.mocked(Logger.prototype.warn)).toHaveBeenCalledTimes(1);
  });
});
