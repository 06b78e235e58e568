// `npm run package`: builds the library into package/, as it is published. package.library.json lists what differs from the
// application: the entries, the dependencies (with the application's versions) and the peers.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

process.chdir(join(import.meta.dirname, '..'));
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const write = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

rmSync('package', { recursive: true, force: true });
const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.library.json'], { stdio: 'inherit' });

for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE', 'docs', 'views', 'messages', 'public'])
  cpSync(name, join('package', name), { recursive: true });
for (const ofApplication of ['docs/api', 'views/host', 'views/sandbox', 'public/sandbox'])
  rmSync(join('package', ofApplication), { recursive: true, force: true });

const application = read('package.json');
const library = read('package.library.json');
const { name, version, description, license, keywords, type, engines } = application;
const entries = Object.entries(library.entries);
const declarationOf = (folder, entry) => `./${folder}/${entry}.d.ts`;
const moduleOf = (folder, entry) => `./${folder}/${entry}.js`;
const conditionOf = (folder, entry) => ({
  types: declarationOf(folder, entry),
  default: moduleOf(folder, entry),
});
write('package/package.json', {
  name,
  version,
  description,
  license,
  keywords,
  type,
  engines,
  bin: { [name]: './dist/src/cli/nest-sms-otp.js' },
  // For `moduleResolution: node10`, which reads no `exports`.
  main: moduleOf('cjs', library.entries['.']),
  types: declarationOf('cjs', library.entries['.']),
  typesVersions: {
    '*': Object.fromEntries(
      entries.slice(1).map(([path, entry]) => [path.slice('./'.length), [declarationOf('cjs', entry)]]),
    ),
  },
  exports: {
    ...Object.fromEntries(
      entries.map(([path, entry]) => [
        path,
        { import: conditionOf('dist', entry), require: conditionOf('cjs', entry) },
      ]),
    ),
    './package.json': './package.json',
  },
  dependencies: Object.fromEntries(
    library.dependencies.map((dependency) => [dependency, `^${application.dependencies[dependency]}`]),
  ),
  peerDependencies: library.peerDependencies,
  peerDependenciesMeta: Object.fromEntries(library.optionalPeers.map((peer) => [peer, { optional: true }])),
});

// TypeScript reads a declaration as CommonJS or ESM by the nearest manifest, so CommonJS hosts get the same declarations
// under another one. Their code requires the ESM: there is one instance of every class, however it was loaded.
for (const file of readdirSync('package/dist', { recursive: true }).filter((path) => path.endsWith('.d.ts')))
  cpSync(join('package/dist', file), join('package/cjs', file));
write('package/cjs/package.json', { type: 'commonjs' });
for (const [, entry] of entries) {
  const file = join('package', moduleOf('cjs', entry));
  const target = relative(dirname(file), join('package', moduleOf('dist', entry))).replaceAll('\\', '/');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `module.exports = require('${target}');\n`);
}
