/** First words of our variables that other programs use for theirs too. */
const COMMON = [
  'API',
  'CODE',
  'DATA',
  'DEFAULT',
  'HOST',
  'LOG',
  'MAIL',
  'MAX',
  'NODE',
  'OTEL',
  'PORT',
  'PUBLIC',
];
/** Variables of others that begin like ours. */
const OF_OTHERS = ['SESSION_MANAGER'];
/** So many wrong letters are a typing error, in a name of some length. */
const TYPING_ERRORS = 2;
const SHORTEST_NAME = 6;

/**
 * Finds variables that are most likely meant for us, and that nothing reads: those that begin like ours, and those that are
 * spelled almost like ours.
 * @returns a sentence for each, with the nearest name
 */
export function warnAboutUnknown(names: readonly string[], known: readonly string[]): string[] {
  const ourWords = new Set(known.map(firstWord).filter((word) => !COMMON.includes(word)));
  return names
    .filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name) && ![...known, ...OF_OTHERS].includes(name))
    .flatMap((name) => {
      const nearest = known
        .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
        .reduce((best, next) => (next.distance < best.distance ? next : best));
      const isMisspelt = nearest.distance <= TYPING_ERRORS && name.length >= SHORTEST_NAME;
      if (!isMisspelt && !(name.includes('_') && ourWords.has(firstWord(name)))) return [];
      return [`nothing reads the variable ${name}; the nearest name is ${nearest.candidate}`];
    });
}

const firstWord = (name: string): string => name.split('_', 1)[0]!;

/** How many letters have to be added, removed or replaced (Levenshtein). */
function distanceBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
