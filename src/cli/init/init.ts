import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { diffOf } from './diff.js';
import { contentOf } from './file-change.js';
import { InitError } from './init-error.js';
import { planChanges, type PlanOptions } from './plan.js';

/** Options of `nest-sms-otp init`. */
export interface InitOptions extends PlanOptions {
  dryRun?: boolean;
  yes?: boolean;
}

/**
 * Shows what would change in the application of the working directory, asks, and writes.
 * @throws InitError when it is no Nest application, or its module cannot be changed safely
 */
export async function init(options: InitOptions): Promise<void> {
  const { changes, nextSteps } = planChanges(options);
  if (changes.length === 0) return print('The application has our modules already. Nothing to do.');
  for (const change of changes) print(diffOf(change));
  if (options.dryRun) return print('Nothing was written (--dry-run).');
  if (!options.yes && !(await isAgreed())) {
    process.exitCode = 1;
    return print('Nothing was written. Add --yes to write without being asked.');
  }
  for (const { path, before } of changes)
    if (contentOf(path) !== before) throw new InitError(`${path} has changed in the meantime. Start again.`);
  for (const { path, after } of changes) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, after);
  }
  print(`Written: ${changes.map(({ path }) => path).join(', ')}\n\nNext:`);
  for (const step of nextSteps) print(`- ${step}`);
}

async function isAgreed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Write this? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
