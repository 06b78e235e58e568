import type { ContractCase } from '../../src/testing/index.js';

/** Runs the cases of a contract suite, each against a new world, and names those that failed. */
export const contractOf = <World>(cases: readonly ContractCase<World>[]) => ({
  async failuresOf(world: () => World): Promise<string[]> {
    const failed: string[] = [];
    for (const { name, run } of cases) await run(world()).catch(() => failed.push(name));
    return failed;
  },
});
