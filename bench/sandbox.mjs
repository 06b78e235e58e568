// The sandbox in a process of its own. Every code is the same, so that the load generator needs not look any up.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

// Before the sandbox imports it: where it draws a code, it draws this one.
crypto.randomInt = () => 42;
syncBuiltinESMExports();

const { startSandbox } = await import('../dist/src/sandbox/index.js');
const sandbox = await startSandbox({ port: 0, requestsPerSecond: 0 });
process.once('disconnect', () => process.exit());
// Ctrl-C reaches the whole process group; we are stopped when nobody needs us any more.
process.on('SIGINT', () => undefined);
process.send?.(sandbox.url);
