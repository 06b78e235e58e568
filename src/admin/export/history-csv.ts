import type { HistoryRow } from '../history/history.repository.js';
import { HistoryItemResource } from '../history/history.resource.js';

/** The columns in order: the fields of the history's JSON. Public API: new ones come last. */
const COLUMNS = [
  'requestId',
  'createdAt',
  'status',
  'reason',
  'purpose',
  'channel',
  'country',
  'phoneNumber',
  'userId',
  'address',
  'browser',
  'provider',
  'providerRequestId',
  'attempts',
  'sends',
  'expiresAt',
  'verifiedAt',
  'endedAt',
  'price',
  'currency',
] as const satisfies (keyof HistoryItemResource)[];

/** Spreadsheets take a file without it for their country's old encoding. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Where a program that does not read RFC 4180 begins a cell: at semicolons in half of the world, at tabs, at line breaks
 * within quotes. What looks like a formula there gets an apostrophe, too. (A leading tab or line end gets one below.)
 */
const FORMULA_AFTER_SEPARATOR = /(;["'\s]*|(?<!^)[\t\r\n|]["'\s]*)(?=[=+\-@＝＋－＠])/g;

/** Where a cell begins with a formula, for Excel in every language. */
const FORMULA_AT_START = /^(?=[=+\-@\t\r\n＝＋－＠])/;
const NEEDS_QUOTES = /[",\r\n]|;["'\s]*'/;

/**
 * RFC 4180. Callers choose their purpose, user id and browser's name, and a spreadsheet runs what looks like a formula: such
 * a cell (beginning with `= + - @`, a tab or a line's end) gets an apostrophe in front. The masked number stands without
 * its `+`, so that it is none of them.
 */
function cell(value: string | number | null | undefined): string {
  if (typeof value !== 'string') return String(value ?? '');
  const text = value.replace(FORMULA_AFTER_SEPARATOR, `$1'`).replace(FORMULA_AT_START, `'`);
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const line = (cells: readonly (string | number | null | undefined)[]): string =>
  `${cells.map(cell).join(',')}\r\n`;

/** The first line. */
export const csvHead = (): string => BYTE_ORDER_MARK + line(COLUMNS);

/** A line for each. */
export const csvLines = (rows: readonly HistoryRow[]): string =>
  rows
    .map((row) => {
      const item = HistoryItemResource.of(row);
      item.phoneNumber = item.phoneNumber.replace('+', '');
      return line(COLUMNS.map((column) => item[column]));
    })
    .join('');
