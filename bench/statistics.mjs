/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Three digits that mean something; a dash where nothing was measured. @param {number | null} value */
export const number = (value) =>
  value !== null && Number.isFinite(value)
    ? value.toLocaleString(
        'en',
        value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
      )
    : '–';

/** @param {number[]} values */
export const range = (values) =>
  values.length > 1 ? `(${number(Math.min(...values))}–${number(Math.max(...values))})` : '';

/** @param {number[]} ratios of pairs */
export const ratio = (ratios) =>
  ratios.length === 0
    ? '–'
    : `${median(ratios).toFixed(2)}${ratios.length > 1 ? ` (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})` : ''}`;
