import { stackedChart } from './stacked-chart.js';

const bar = (label: string, whole: number, part: number) => ({
  label,
  whole,
  part,
  words: '',
  isPartial: false,
});
const chart = (bars: ReturnType<typeof bar>[]) =>
  stackedChart(bars, String) as unknown as {
    ticks: { value: string; y: number }[];
    bars: { wholeHeight: number; partHeight: number; x: number; width: number; caption: string }[];
    width: number;
  };
const days = (count: number) =>
  Array.from({ length: count }, (_, index) => bar(`2026-11-${index + 1}`, index, 0));

describe('the chart of the statistics', () => {
  it('draws what was verified within what was started, on one scale', () => {
    const [first, second] = chart([bar('DE', 100, 50), bar('FR', 50, 50)]).bars;
    expect(first!.partHeight).toBeCloseTo(first!.wholeHeight / 2, 0);
    expect(second!.partHeight).toBe(second!.wholeHeight);
    expect(second!.partHeight).toBe(first!.partHeight);
  });

  it.each([
    [0, '4'],
    [3, '4'],
    [5, '8'],
    [37, '40'],
    [3785, '4000'],
    [4001, '8000'],
    [1_000_000, '2000000'],
  ])('has five marks of whole numbers that reach beyond %d', (most, top) => {
    const { ticks, bars } = chart([bar('DE', most, 0)]);
    expect(ticks.map(({ value }) => Number(value))).toEqual(
      [0, 1, 2, 3, 4].map((part) => (part * Number(top)) / 4),
    );
    expect(bars[0]!.wholeHeight).toBeLessThanOrEqual(ticks[0]!.y - ticks[4]!.y);
  });

  it.each([1, 2, 5, 30, 31, 744, 1000])(
    'labels both ends of %d bars, and no label covers another',
    (count) => {
      const { bars, width } = chart(days(count));
      const labelled = bars.flatMap((each, index) => (each.caption ? [index] : []));
      expect(labelled[0]).toBe(0);
      expect(labelled.at(-1)).toBe(count - 1);
      expect(bars.at(-1)!.x + bars.at(-1)!.width).toBeLessThanOrEqual(width);
      expect(labelled.length).toBeLessThanOrEqual(12);
    },
  );
});
