// Part of `npm run package:check`: does package/ import what package.library.json says, and nothing else?
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

process.chdir(join(import.meta.dirname, '..', 'package'));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const dependencies = Object.keys(manifest.dependencies);
const optional = Object.keys(manifest.peerDependenciesMeta);
const peers = Object.keys(manifest.peerDependencies).filter((name) => !optional.includes(name));
const wrong = [];

/** The modules that a compiled file imports when it is loaded: no `import()`. */
const importsOf = (file) =>
  ts
    .createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest)
    .statements.filter((statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
    .flatMap(({ moduleSpecifier }) => (moduleSpecifier ? [moduleSpecifier.text] : []));
const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** Every package that an entry loads or its declarations name, with one of the files that import it. */
function packagesOf(entry, extension = '.js') {
  const found = new Map();
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.'))
        visit(normalize(join(dirname(file), specifier.replace(/\.js$/, extension))));
      else if (!isBuiltin(specifier)) found.set(packageOf(specifier), file);
    }
  };
  visit(normalize(entry));
  return found;
}

const used = new Set();
const entries = Object.entries(manifest.exports).flatMap(([path, { import: entry }]) =>
  entry ? [[path, entry.default]] : [],
);
for (const [path, entry] of [...entries, ...Object.entries(manifest.bin)]) {
  for (const [name, file] of packagesOf(entry)) {
    used.add(name);
    const allowed = path === './vonage' ? ['@vonage/server-sdk'] : [];
    if (![...dependencies, ...peers, ...allowed].includes(name))
      wrong.push(`${path} loads ${name} (${file}), which package.library.json does not promise to be there`);
  }
}
// An optional peer that a declaration names is missing where an application compiles without `skipLibCheck`.
for (const [path, entry] of entries) {
  const types = manifest.exports[path].import.types;
  if (!types) wrong.push(`${path} (${entry}) has no declarations`);
  for (const [name, file] of packagesOf(types, '.d.ts')) {
    const allowed = path === './vonage' ? ['@vonage/server-sdk'] : [];
    if (![...dependencies, ...peers, ...allowed].includes(name))
      wrong.push(`the declarations of ${path} need ${name} (${file}), which an application need not have`);
  }
}
for (const name of dependencies.filter((dependency) => !used.has(dependency)))
  wrong.push(`nothing imports ${name}`);

const application =
  /^(dist|cjs)\/(src\/(commands|config|host|operations|sandbox|app|main|schema)|migrations\/host)|\.map$/;
for (const file of readdirSync('.', { recursive: true }).filter((path) => application.test(path)))
  wrong.push(`${file} belongs to the application`);

for (const line of wrong) process.stderr.write(`${line}\n`);
if (wrong.length > 0) process.exit(1);
