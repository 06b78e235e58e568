import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './binaries.js';
import { EmbeddedPostgresError } from './error.js';
import type { ServerUser } from './server-user.js';

export const SUPERUSER = 'postgres';

/** The password of a data directory, kept beside it. */
export function readPassword(dataDirectory: string): string {
  const file = `${dataDirectory}.password`;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The password of ${dataDirectory} cannot be read from ${file} (${(error as NodeJS.ErrnoException).code}). ` +
        'Start as the user who made it, or move both away to start with an empty database.',
      { cause: error },
    );
  }
}

/**
 * Makes the data directory if there is none. It appears whole or not at all: initdb works in a folder of another name,
 * so that a kill in the middle leaves nothing that looks usable. Call it under the start-up lock.
 */
export async function ensureCluster(
  dataDirectory: string,
  binaries: PostgresBinaries,
  user: ServerUser,
): Promise<void> {
  const versionFile = join(dataDirectory, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const found = readFileSync(versionFile, 'utf8').trim();
    if (found === binaries.majorVersion) return;
    throw new EmbeddedPostgresError(
      `${dataDirectory} belongs to Postgres ${found}, and this package brings ${binaries.majorVersion}. ` +
        'Dump it with the older version, or move the folder away to start with an empty database.',
    );
  }
  if (!isVacant(dataDirectory)) {
    throw new EmbeddedPostgresError(
      `${dataDirectory} belongs to another user, or holds no Postgres data. ` +
        'Start as the user who made it, or move it away to start with an empty database.',
    );
  }
  const parent = dirname(dataDirectory);
  mkdirSync(parent, { recursive: true });
  const draftPrefix = `${basename(dataDirectory)}.new-`;
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(draftPrefix))) {
    rmSync(join(parent, name), { recursive: true, force: true });
  }

  const draft = join(parent, draftPrefix + randomBytes(4).toString('hex'));
  const passwordFile = `${draft}.password`;
  const password = randomBytes(24).toString('base64url');
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined) {
    chownSync(draft, user.uid, user.gid!);
    chownSync(passwordFile, user.uid, user.gid!);
  }
  const { file, args, ...as } = user.command(binaries.initdb, [
    `--pgdata=${draft}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ]);
  try {
    // Not the synchronous kind: it would keep us from renewing the start-up lock, and a slow disk takes long.
    await promisify(execFile)(file, args, { ...as, cwd: '/' });
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    const { stderr, message } = error as Error & { stderr?: string };
    throw new EmbeddedPostgresError(
      `The database could not be created in ${dataDirectory}: ${stderr?.trim() || message}. ` +
        'If this system cannot run the binaries (Alpine, for instance), set DATABASE_URL to an ordinary Postgres 15 or newer.',
      { cause: error },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  // Password first: data without one could never be opened, a password without data is simply replaced.
  writeFileSync(`${dataDirectory}.password`, password, { mode: 0o600 });
  renameSync(draft, dataDirectory);
}

function isVacant(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
