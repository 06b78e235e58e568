// `node run-k6.mjs <target> <sandbox>`: runs one iteration of load/k6.js, and prints its options and the results of its checks.
import { register } from 'node:module';

const [target, sandbox] = process.argv.slice(2);
globalThis.__ENV = { TARGET: target, SANDBOX: sandbox };
const modules = new URL('./k6-modules.mjs', import.meta.url).href;
const hooks = `export const resolve = (name, context, next) =>
  /^k6(\\/|$)/.test(name) ? { url: ${JSON.stringify(modules)}, shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
const { checks } = await import(modules);
const script = await import(new URL('../../load/k6.js', import.meta.url).href);
script.default(script.setup());
process.stdout.write(JSON.stringify({ options: script.options, checks }));
