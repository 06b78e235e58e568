import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own that is small enough to be filled. */
export interface SmallDisk {
  readonly path: string;
  /** Writes until nothing more fits, and again whenever somebody has given space back. */
  fill(): void;
  free(): void;
  close(): void;
}

const BLOCK = Buffer.alloc(4096, 1);
const FILL_AGAIN_MS = 50;

/** Only root may mount, and not in every container. */
export const canMount = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    mountSmallDisk(1).close();
    return true;
  } catch {
    return false;
  }
})();

/** `describe` where a file system can be mounted; elsewhere one line says what is left out. */
export const withSmallDisk = canMount ? describe : describe.skip;
if (!canMount)
  process.stdout.write('Not allowed to mount (root on Linux): the drill with a full disk is left out.\n');

export function mountSmallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'otp-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', path], {
    stdio: 'pipe',
  });
  chmodSync(path, 0o755);
  const filler = join(path, 'filler');
  let timer: NodeJS.Timeout | undefined;
  const writeUntilFull = () => {
    const file = openSync(filler, 'a');
    try {
      for (;;) writeSync(file, BLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  };
  const free = () => {
    clearInterval(timer);
    rmSync(filler, { force: true });
  };
  return {
    path,
    fill() {
      clearInterval(timer);
      writeUntilFull();
      timer = setInterval(writeUntilFull, FILL_AGAIN_MS);
    },
    free,
    close() {
      free();
      // Lazily: a process that is ending may have a file open.
      execFileSync('umount', ['--lazy', path], { stdio: 'pipe' });
      rmSync(path, { recursive: true });
    },
  };
}
