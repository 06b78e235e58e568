import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './error.js';

/** How to run Postgres' programs: as ourselves, or, since Postgres refuses to run as root, as somebody else. */
export interface ServerUser {
  /** Who owns the data; undefined: we do. */
  uid?: number;
  gid?: number;
  /** The command line to spawn. */
  command(program: string, args: string[]): { file: string; args: string[]; uid?: number; gid?: number };
}

/**
 * @param paths what the user must be able to reach
 * @param dataDirectory keeps its owner if it exists already
 */
export function chooseServerUser(paths: string[], dataDirectory: string): ServerUser {
  if (process.getuid?.() !== 0) return { command: (file, args) => ({ file, args }) };

  const { uid, gid, name } = ownerOf(dataDirectory) ?? unprivilegedUser();
  const unreachable = paths.find((path) => !isReachable(path, uid, gid));
  if (!unreachable) return { uid, gid, command: (file, args) => ({ file, args, uid, gid }) };

  // A clone below /root or in a folder of mode 0700: the user may not walk through it. Linux can lend it that one right.
  // The data are its own, so dac_read_search, which cannot write, suffices; where a container withholds it, dac_override.
  for (const right of ['dac_read_search', 'dac_override']) {
    const setpriv = [
      `--reuid=${uid}`,
      `--regid=${gid}`,
      '--clear-groups',
      // Or access(2), with which Postgres looks for its own binaries, leaves the right out.
      '--securebits=+no_setuid_fixup',
      `--inh-caps=+${right}`,
      `--ambient-caps=+${right}`,
    ];
    if (spawnSync('setpriv', [...setpriv, 'ls', '-d', join(unreachable, '.')]).status === 0) {
      return { uid, gid, command: (file, args) => ({ file: 'setpriv', args: [...setpriv, file, ...args] }) };
    }
  }
  throw new EmbeddedPostgresError(
    `Postgres does not run as root, and the user "${name}" cannot reach ${unreachable}. ` +
      `Start as an ordinary user, move the folder to where "${name}" may read it (for example below /srv), ` +
      'or set DATABASE_URL.',
  );
}

function ownerOf(dataDirectory: string) {
  const found = statSync(dataDirectory, { throwIfNoEntry: false });
  return found && found.uid !== 0 ? { name: `#${found.uid}`, uid: found.uid, gid: found.gid } : null;
}

function unprivilegedUser() {
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { name, uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user here.
    }
  }
  throw new EmbeddedPostgresError(
    'Postgres does not run as root, and there is neither a user "postgres" nor "nobody". ' +
      'Start as an ordinary user, or set DATABASE_URL.',
  );
}

/** Whether the user may walk down to a path: the search bit of every folder above it, as far as the folders exist. */
function isReachable(path: string, uid: number, gid: number): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const { mode, uid: owner, gid: group } = statSync(folder);
      const searchBit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
      if (!(mode & searchBit)) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}
