// `node run-artillery.mjs <target> <sandbox>`: runs load/artillery.yml in small form with the engine of Artillery, and prints what it counted.
// The whole package with its clouds is ten times as big, and would do nothing else here.
import { readFileSync } from 'node:fs';
import core from '@artilleryio/int-core';
import { parse } from 'yaml';

const [target, sandbox] = process.argv.slice(2);
const { runner, runnerFuncs } = core.runner;
const file = 'load/artillery.yml';
const script = parse(readFileSync(file, 'utf8'));
Object.assign(script.config, {
  target,
  variables: { ...script.config.variables, sandbox: [sandbox] },
  phases: [{ duration: 4, arrivalRate: 2 }],
});
const prepared = await runnerFuncs.prepareScript(script, {});
const loaded = await runnerFuncs.loadProcessor(prepared, { scriptPath: file });
const events = await runner(loaded, null, {}, {});
events.on('done', (stats) => {
  const { counters, summaries } = stats;
  process.stdout.write(JSON.stringify({ counters, summaries }));
  events.stop?.().then(() => process.exit(0));
});
events.run({});
