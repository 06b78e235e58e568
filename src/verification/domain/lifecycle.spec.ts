import { readFileSync } from 'node:fs';
import { type LifecycleEvent, type Status, STATUSES, transition, TRANSITIONS } from './lifecycle.js';

describe('the lifecycle', () => {
  it('never leaves a terminal state', () => {
    for (const status of ['VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED'] as const) {
      expect(TRANSITIONS[status]).toBeUndefined();
      expect(transition(status, 'matched')).toBeNull();
    }
  });

  it('reaches VERIFIED only by a match of a pending request', () => {
    const ways = STATUSES.flatMap((from) =>
      Object.entries(TRANSITIONS[from] ?? {})
        .filter(([, to]) => to === 'VERIFIED')
        .map(([event]) => [from, event]),
    );
    expect(ways).toEqual([['PENDING', 'matched']]);
  });

  it('is drawn in docs/lifecycle.md as it is', () => {
    const drawing = readFileSync('docs/lifecycle.md', 'utf8');
    const drawn = [...drawing.matchAll(/^ +(\w+) --> (\w+): ([\w-]+)$/gm)].map(
      ([, from, to, event]) => `${from} ${event} ${to}`,
    );
    const table = (
      Object.entries(TRANSITIONS) as [Status, Partial<Record<LifecycleEvent, Status>>][]
    ).flatMap(([from, events]) => Object.entries(events).map(([event, to]) => `${from} ${event} ${to}`));
    expect(drawn.sort()).toEqual(table.sort());
  });
});
