// `npm run package:size`: what does package/ add to the node_modules of a Nest application with TypeORM? Fails above the limit.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIMIT_MB = 26;
const BASE = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/typeorm',
  'pg',
  'reflect-metadata',
  'rxjs',
  'typeorm',
];

process.chdir(join(import.meta.dirname, '..'));
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'otp-size-'));
const npm = (cwd, ...args) => execFileSync('npm', args, { cwd, encoding: 'utf8' });
const install = (...packages) =>
  npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...packages);

/** Every installed package with its bytes. */
function installed() {
  const { packages } = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  return new Map(
    Object.entries(packages).map(([path, { peer = false }]) => [path, { peer, bytes: bytesOf(path) }]),
  );
}

function bytesOf(path) {
  const files = readdirSync(join(folder, path), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !`${entry.parentPath}/`.startsWith(`${join(folder, path)}/node_modules/`),
  );
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

try {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  install(...BASE.map((name) => `${name}@${dependencies[name]}`));
  const before = installed();
  const [{ filename }] = JSON.parse(
    npm(process.cwd(), 'pack', './package', '--json', '--pack-destination', folder),
  );
  install(join(folder, filename));
  const added = [...installed()].filter(([path]) => !before.has(path));
  const megabytes = (packages) =>
    Math.round(packages.reduce((sum, [, { bytes }]) => sum + bytes, 0) / 100_000) / 10;
  const own = added.filter(([, { peer }]) => !peer);
  const peers = added.filter(([, { peer }]) => peer);
  // class-validator, a peer that most applications have, brings it too.
  const withoutPhoneNumbers = own.filter(([path]) => path !== 'node_modules/libphonenumber-js');
  for (const [path, { bytes }] of own.sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, 10))
    process.stdout.write(
      `${(bytes / 1e6).toFixed(1).padStart(6)} MB  ${path.replace('node_modules/', '')}\n`,
    );
  process.stdout.write(
    `The package and its dependencies add ${megabytes(own)} MB, or ${megabytes(withoutPhoneNumbers)} MB to an application with class-validator. ` +
      `Peers that were missing add ${megabytes(peers)} MB: ${peers.map(([path]) => path.replace('node_modules/', '')).join(', ')}.\n`,
  );
  if (megabytes(own) > LIMIT_MB) throw new Error(`That is more than ${LIMIT_MB} MB.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
