import type { ViewContext } from '../../http/index.js';

const WIDTH = 720;
const HEIGHT = 160;
const FOOT = 20;
/** More labels than this would overlap. */
const MOST_LABELS = 8;
const WIDEST_BAR = 60;

/** A bar chart as numbers for an SVG: no script, no inline style. Its table says the same. */
export function barChart(values: readonly { label: string; value: number }[]): ViewContext {
  const highest = Math.max(1, ...values.map(({ value }) => value));
  const step = WIDTH / Math.max(1, values.length);
  const each = Math.max(1, Math.ceil(values.length / MOST_LABELS));
  return {
    width: WIDTH,
    height: HEIGHT + FOOT,
    highest,
    labelsAt: HEIGHT + FOOT - 5,
    bars: values.map(({ label, value }, index) => {
      const height = Math.round((value / highest) * (HEIGHT - 15) * 10) / 10;
      return {
        label,
        value,
        x: Math.round((index * step + step * 0.1) * 10) / 10,
        y: Math.round((HEIGHT - height) * 10) / 10,
        width: Math.min(WIDEST_BAR, Math.max(0.5, Math.round(step * 8) / 10)),
        height,
        caption: index % each === 0 ? label : '',
      };
    }),
  };
}
