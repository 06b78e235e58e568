/** The parts of a path between its slashes. */
export const segments = (path: string) => path.split('/').filter(Boolean);

/** Removes as many segments from the end of a path as another path has: a handler's own, which leaves its controller's. */
export function withoutEnd(path: string, end: string): string {
  const all = segments(path);
  return all
    .slice(0, all.length - segments(end).length)
    .map((segment) => `/${segment}`)
    .join('');
}
