import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PARTS = 12;
/** Jest finds the snapshots of a suite by its name, so these run by themselves. */
const WITH_SNAPSHOTS = /(statements|public-surface)\.spec\.ts$/;

const suites = ['src', 'test']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => /\.(e2e-)?spec\.ts$/.test(file) && !WITH_SNAPSHOTS.test(file))
  .sort();

/**
 * Runs every twelfth suite with the same modules. Jest loads all modules again for each of its files, and to load the
 * application takes longer than most suites do.
 */
export function together(part: number): void {
  for (const file of suites.filter((_file, index) => index % PARTS === part - 1))
    describe(file, () => {
      afterAll(() => jest.restoreAllMocks());
      require(resolve(file));
    });
}
