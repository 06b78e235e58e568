import { existsSync, readFileSync } from 'node:fs';

/** A file that is made, or changed. */
export interface FileChange {
  path: string;
  /** Null for a file that there is not yet. */
  before: string | null;
  after: string;
  /** What is shown instead of secrets, by secret. */
  hidden?: Record<string, string>;
}

/** Null if there is no such file. */
export const contentOf = (path: string): string | null =>
  existsSync(path) ? readFileSync(path, 'utf8') : null;
