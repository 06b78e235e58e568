// `npm start`: builds what has changed, then runs the application in this very process, so that a signal to it, or its
// death, is the application's.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

process.chdir(join(import.meta.dirname, '..'));

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = (folder) =>
  Math.max(...readdirSync(folder, { recursive: true }).map((name) => modified(join(folder, name))));

const built = modified('dist/main.js');
if (built < Math.max(newest('src'), modified('package-lock.json'), modified('tsconfig.json'))) {
  process.stdout.write('Building …\n');
  const build = spawnSync(process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build'], { stdio: 'inherit' });
  if (build.status !== 0) process.exit(build.status ?? 1);
}

await import('../dist/main.js');
