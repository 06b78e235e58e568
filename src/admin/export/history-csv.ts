import { stringify } from 'csv-stringify/sync';
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

/**
 * RFC 4180. Callers choose their purpose, user id and browser's name, and a spreadsheet runs what looks like a formula: such
 * a cell (beginning with `= + - @`, a tab or a line's end) gets an apostrophe in front. The masked number stands without
 * its `+`, so that it is none of them.
 */
const csv = (rows: unknown[]): string =>
  stringify(rows, {
    columns: COLUMNS,
    escape_formulas: true,
    cast: { string: (text) => text.replace(FORMULA_AFTER_SEPARATOR, `$1'`).replace(/^\n/, `'\n`) },
    record_delimiter: 'windows',
    quoted_match: /[\r\n]|;["'\s]*'/,
  });

/** The first line. */
export const csvHead = (): string => BYTE_ORDER_MARK + stringify([COLUMNS], { record_delimiter: 'windows' });

/** A line for each. */
export const csvLines = (rows: readonly HistoryRow[]): string =>
  csv(
    rows.map((row) => {
      const item = HistoryItemResource.of(row);
      item.phoneNumber = item.phoneNumber.replace('+', '');
      return item;
    }),
  );
