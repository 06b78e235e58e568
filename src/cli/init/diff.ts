import type { FileChange } from './file-change.js';

const CONTEXT = 2;

/** The lines of a change as a unified diff shows them, with two lines around each. */
export function diffOf({ path, before, after, hidden = {} }: FileChange): string {
  const lines = compare(linesOf(before ?? ''), linesOf(after));
  const shown = lines.filter((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((near) => !near.startsWith(' ')),
  );
  const text = [`--- ${before === null ? '/dev/null' : path}`, `+++ ${path}`, ...shown, ''].join('\n');
  return Object.entries(hidden).reduce((masked, [secret, word]) => masked.replaceAll(secret, word), text);
}

/** Every line with ` `, `+` or `-` before it: the longest common subsequence stays. */
function compare(before: string[], after: string[]): string[] {
  // common[b][a]: how many lines the rests from b and from a have in common.
  const common = Array.from({ length: before.length + 1 }, () =>
    Array.from({ length: after.length + 1 }, () => 0),
  );
  for (let b = before.length - 1; b >= 0; b -= 1)
    for (let a = after.length - 1; a >= 0; a -= 1)
      common[b]![a] =
        before[b] === after[a]
          ? common[b + 1]![a + 1]! + 1
          : Math.max(common[b + 1]![a]!, common[b]![a + 1]!);

  const lines: string[] = [];
  let [b, a] = [0, 0];
  while (b < before.length || a < after.length) {
    if (b < before.length && before[b] === after[a]) {
      lines.push(` ${before[b]}`);
      b += 1;
      a += 1;
    } else if (a === after.length || (b < before.length && common[b + 1]![a]! >= common[b]![a + 1]!)) {
      lines.push(`-${before[b]}`);
      b += 1;
    } else {
      lines.push(`+${after[a]}`);
      a += 1;
    }
  }
  return lines;
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
