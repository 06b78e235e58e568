/** Upper bounds in seconds of the bars of a histogram of times to verify; the last bar has none. */
export const BOUNDS = [
  1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 26, 30, 40, 50, 60, 80, 100, 120, 180, 240, 300, 600,
] as const;
export const BARS = BOUNDS.length + 1;

/**
 * The median of what a histogram counts: its bar is exact, within it the values count as spread evenly.
 * @returns seconds; null when nothing was counted
 */
export function medianOf(counts: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let before = 0;
  for (const [bar, count] of counts.entries()) {
    if (before + count >= total / 2) {
      const low = bar === 0 ? 0 : BOUNDS[bar - 1]!;
      const high = BOUNDS[bar] ?? low;
      return Math.round((low + ((total / 2 - before) / count) * (high - low)) * 10) / 10;
    }
    before += count;
  }
  return null;
}
