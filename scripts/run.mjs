// `node scripts/run.mjs dist/src/commands/admin.js …`: compiles what has changed, then runs that file in this very process.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildIfStale } from './build-if-stale.mjs';

buildIfStale();
const [node, , file, ...args] = process.argv;
process.argv = [node, resolve(file), ...args];
await import(pathToFileURL(resolve(file)).href);
