import type { ViewContext } from '../../http/index.js';

const WIDTH = 720;
const HEIGHT = 200;
/** Room for the numbers of the axis, and for the labels below and the top number above. */
const SIDE = 56;
const HEAD = 12;
const FOOT = 24;
/** About as wide as a letter of a label. */
const LETTER = 7;
const WIDEST_BAR = 60;
const INTERVALS = 4;

/** A bar: `part` of its `whole` is filled. */
export interface StackedBar {
  label: string;
  whole: number;
  part: number;
  /** What the bar says in words. */
  words: string;
  /** Still being counted. */
  isPartial: boolean;
}

/**
 * A chart of stacked bars on one scale, as numbers for an SVG: no script, no inline style. The scale has five marks, and
 * both ends have labels.
 */
export function stackedChart(bars: readonly StackedBar[], format: (value: number) => string): ViewContext {
  const interval = niceInterval(Math.max(1, ...bars.map(({ whole }) => whole)) / INTERVALS);
  const top = interval * INTERVALS;
  const heightOf = (value: number) => tenth((value / top) * (HEIGHT - HEAD));
  const step = (WIDTH - SIDE) / Math.max(1, bars.length);
  const width = tenth(Math.min(WIDEST_BAR, Math.max(0.5, step * 0.8)));
  const labels = labelled(bars, step, width);
  return {
    width: WIDTH,
    height: HEIGHT + FOOT,
    axisFrom: SIDE,
    labelsAt: HEIGHT + FOOT - 6,
    ticks: Array.from({ length: INTERVALS + 1 }, (_, index) => ({
      value: format(index * interval),
      y: tenth(HEIGHT - heightOf(index * interval)),
      x: SIDE - 6,
    })),
    bars: bars.map(({ whole, part, words, isPartial, label }, index) => {
      const x = tenth(SIDE + index * step + (step - width) / 2);
      const [wholeHeight, partHeight] = [heightOf(whole), heightOf(part)];
      return {
        words,
        isPartial,
        x,
        width,
        wholeY: tenth(HEIGHT - wholeHeight),
        wholeHeight,
        partY: tenth(HEIGHT - partHeight),
        partHeight,
        isEmpty: whole === 0,
        caption: labels.has(index) ? label : '',
        ...captionAt(index, bars.length, x, width),
      };
    }),
  };
}

/** The first label begins at its bar and the last ends at its own, so that neither leaves the picture. */
function captionAt(
  index: number,
  count: number,
  x: number,
  width: number,
): { captionX: number; anchor: string } {
  if (index === 0) return { captionX: x, anchor: 'start' };
  if (index === count - 1) return { captionX: tenth(x + width), anchor: 'end' };
  return { captionX: tenth(x + width / 2), anchor: 'middle' };
}

/** Which bars have a label: both ends, and between them as many as there is room for. */
function labelled(bars: readonly StackedBar[], step: number, width: number): Set<number> {
  const last = bars.length - 1;
  const widest = LETTER * (2 + Math.max(0, ...bars.map(({ label }) => label.length)));
  const each = Math.ceil(widest / step);
  // Where the label of either end stops, measured from its own end of the axis.
  const end = (step - width) / 2 + widest;
  const middleOf = (index: number) => (index + 0.5) * step;
  const between = bars
    .map((_, index) => index)
    .filter((index) => index % each === 0)
    .filter((index) => Math.min(middleOf(index), middleOf(last - index)) - widest / 2 >= end);
  return new Set([0, ...between, last]);
}

/** The next of 1, 2, 5, 10, 20, 50, …: nothing is counted in parts. */
function niceInterval(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((interval) => interval >= least)!;
}

const tenth = (value: number) => Math.round(value * 10) / 10;
