// `npm run test:hosts [name …]`: packs the library, installs the tarball into every application in this folder as another
// team would, compiles the application and runs its tests. Each gets an empty folder, and starts a Postgres with our testing kit.
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** At the same time: while one is being installed, another can run its tests. */
const PARALLEL = 2;

const folder = mkdtempSync(join(tmpdir(), 'otp-hosts-'));
// As root the server runs as another user, who has to get in.
chmodSync(folder, 0o755);
const run = promisify(execFile);
/** @returns what it printed on standard output */
const npm = async (cwd, ...args) => (await run('npm', args, { cwd, maxBuffer: Infinity })).stdout;

/** npm's words for a registry that it cannot reach. Anything else is the package's own fault, such as a peer conflict. */
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|E40[134]|E5\d\d)\b/;

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

/** @returns what there is to say of a host. @throws what npm throws when the library does not work in it */
async function test(name, tarball) {
  const host = join(folder, name);
  cpSync(join(import.meta.dirname, name), host, { recursive: true });
  if (name === 'esm-sessions') writeFileSync(join(host, 'src', 'readme.ts'), readmeModules());
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  try {
    await npm(host, 'install', ...options, tarball);
  } catch (error) {
    const code = UNREACHABLE.exec(error.stderr)?.[1];
    if (code) return `npm cannot install (${code}): it is left out.\n`;
    throw error;
  }
  await npm(host, 'run', '--silent', 'build');
  const { stdout, stderr } = await run('npm', ['test', '--silent'], { cwd: host, maxBuffer: Infinity });
  return stdout + stderr;
}

try {
  await npm(process.cwd(), 'run', '--silent', 'package');
  const packed = await npm(process.cwd(), 'pack', './package', '--json', '--pack-destination', folder);
  const tarball = join(folder, JSON.parse(packed)[0].filename);
  const testAll = async () => {
    for (let name = hosts.shift(); name; name = hosts.shift()) {
      const said = await test(name, tarball).catch((error) => {
        process.exitCode = 1;
        return `${error.stdout}${error.stderr}\n${error.message}\n`;
      });
      process.stdout.write(`\n== ${name}\n${said}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, testAll));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
