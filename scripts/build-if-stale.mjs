import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = (folder) =>
  Math.max(...readdirSync(folder, { recursive: true }).map((name) => modified(join(folder, name))));

/**
 * Compiles src and migrations to dist if anything changed since the last time; an image that has no source has nothing to compile. Says so
 * on stderr: stdout is the program's. Exits when it does not compile.
 */
export function buildIfStale() {
  process.chdir(join(import.meta.dirname, '..'));
  if (!existsSync('src')) return;
  const inputs = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'].map(modified);
  if (modified('dist/src/main.js') > Math.max(newest('src'), newest('migrations'), ...inputs)) return;
  process.stderr.write('Building …\n');
  const nest = join('node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const { status } = spawnSync(process.execPath, [nest, 'build'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
