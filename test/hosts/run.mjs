// `npm run test:hosts [name …]`: packs the library, installs the tarball into every application in this folder as another
// team would, compiles the application and runs its tests. Each gets an empty folder, and starts a Postgres with our testing kit.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'otp-hosts-'));
// As root the server runs as another user, who has to get in.
chmodSync(folder, 0o755);
const npm = (cwd, args, options = {}) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: 'inherit', ...options });

/** npm's words for a registry that it cannot reach. Anything else is the package's own fault, such as a peer conflict. */
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|E40[134]|E5\d\d)\b/;

/** @returns the error code of npm when the registry cannot be reached */
function install(host, tarball) {
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball];
  try {
    npm(host, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    return null;
  } catch (error) {
    const code = UNREACHABLE.exec(error.stderr)?.[1];
    if (code) return code;
    throw new Error(error.stderr, { cause: error });
  }
}

/** The modules as the README has them, as a file of an application. */
function readmeModules() {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  const [, modules] = /```ts\n(VerificationModule[^`]*)```/.exec(readme);
  return `import { ExpressSessions, TwoFactorModule, VerificationModule } from 'nest-sms-otp';\n\nexport const modules = [\n${modules}];\n`;
}

const given = process.argv.slice(2);
const hosts = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && (given.length === 0 || given.includes(entry.name)))
  .map((entry) => entry.name);

let failed = false;
try {
  npm(process.cwd(), ['run', '--silent', 'package']);
  const [{ filename }] = JSON.parse(
    npm(process.cwd(), ['pack', './package', '--json', '--pack-destination', folder], { stdio: 'pipe' }),
  );
  for (const name of hosts) {
    const host = join(folder, name);
    cpSync(join(import.meta.dirname, name), host, { recursive: true });
    process.stdout.write(`\n== ${name}\n`);
    if (name === 'esm-sessions') writeFileSync(join(host, 'src', 'readme.ts'), readmeModules());
    const code = install(host, join(folder, filename));
    if (code) {
      process.stdout.write(`npm cannot install (${code}): the host ${name} is left out.\n`);
      continue;
    }
    try {
      npm(host, ['run', '--silent', 'build']);
      npm(host, ['test', '--silent']);
    } catch {
      failed = true;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
