import { BARS, BOUNDS, medianOf } from './histogram.js';

describe('the median of a histogram', () => {
  const counted = (values: number[]) => {
    const counts = Array.from({ length: BARS }, () => 0);
    for (const value of values) counts[BOUNDS.filter((bound) => bound <= value).length]! += 1;
    return counts;
  };

  it('is within its bar of the true one', () => {
    for (let round = 0; round < 200; round += 1) {
      const values = Array.from({ length: 1 + (round % 40) }, () => Math.random() * 300);
      const sorted = values.sort((one, other) => one - other);
      const low = sorted[Math.ceil(sorted.length / 2) - 1]!;
      const bar = BOUNDS.filter((bound) => bound <= low).length;
      const median = medianOf(counted(values))!;
      expect(median).toBeGreaterThanOrEqual(bar === 0 ? 0 : BOUNDS[bar - 1]!);
      expect(median).toBeLessThanOrEqual(BOUNDS[bar]!);
    }
  });

  it('is none where nothing was counted, and the last bound where it cannot be told', () => {
    expect(medianOf(counted([]))).toBeNull();
    expect(medianOf(counted([5000]))).toBe(600);
  });
});
