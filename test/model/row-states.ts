import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const rowState = (status: string, isSending: boolean, isLeased: boolean, inDoubt: boolean): string =>
  `${status}, message lease ${isSending}, check lease ${isLeased}, in doubt ${inDoubt}`;

const meanings = (cell: string): boolean[] =>
  cell.split(' or ').map((word) => ['set', 'yes'].includes(word.trim()));

/** Every state that a row may be in, read from the table of docs/lifecycle.md. */
export const ROW_STATES: ReadonlySet<string> = new Set(
  readFileSync(join(__dirname, '../../docs/lifecycle.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 7 && /^`[A-Z]+`$/.test(cells[1]!))
    .flatMap(([, status, sending, leased, doubt]) =>
      meanings(sending!).flatMap((isSending) =>
        meanings(leased!).flatMap((isLeased) =>
          meanings(doubt!).map((inDoubt) =>
            rowState(status!.replaceAll('`', ''), isSending, isLeased, inDoubt),
          ),
        ),
      ),
    ),
);
