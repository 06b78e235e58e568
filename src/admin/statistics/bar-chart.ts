import type { ViewContext } from '../../http/index.js';

const WIDTH = 720;
const HEIGHT = 160;
const FOOT = 20;
/** About as wide as a letter of a label, and as the room between two labels. */
const LETTER = 7;
const WIDEST_BAR = 60;

/** A bar chart as numbers for an SVG: no script, no inline style. Its table says the same. */
export function barChart(values: readonly { label: string; value: number }[]): ViewContext {
  const highest = Math.max(1, ...values.map(({ value }) => value));
  const step = WIDTH / Math.max(1, values.length);
  const widest = LETTER * (2 + Math.max(0, ...values.map(({ label }) => label.length)));
  const each = Math.ceil(widest / step);
  return {
    width: WIDTH,
    height: HEIGHT + FOOT,
    highest,
    labelsAt: HEIGHT + FOOT - 5,
    bars: values.map(({ label, value }, index) => {
      const x = Math.round((index * step + step * 0.1) * 10) / 10;
      const height = Math.round((value / highest) * (HEIGHT - 15) * 10) / 10;
      return {
        label,
        value,
        x,
        y: Math.round((HEIGHT - height) * 10) / 10,
        width: Math.min(WIDEST_BAR, Math.max(0.5, Math.round(step * 8) / 10)),
        height,
        caption: index % each === 0 && x + widest <= WIDTH ? label : '',
      };
    }),
  };
}
