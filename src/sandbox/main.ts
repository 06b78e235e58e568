import { startSandbox } from './sandbox.js';

const DEFAULT_PORT = 3001;

/** `npm run sandbox`: the look-alike by itself. SANDBOX_PORT and SANDBOX_HOST say where. */
async function start(): Promise<void> {
  const { NODE_ENV, SANDBOX_HOST, SANDBOX_PORT = String(DEFAULT_PORT) } = process.env;
  if (NODE_ENV === 'production') {
    throw new Error('the sandbox shows every code to everybody: it does not run in production');
  }
  const port = /^\d{1,5}$/.test(SANDBOX_PORT) ? Number(SANDBOX_PORT) : Number.NaN;
  if (!(port <= 65_535)) throw new Error(`SANDBOX_PORT must be 0 to 65535, not "${SANDBOX_PORT}"`);

  const sandbox = await startSandbox({ port, ...(SANDBOX_HOST ? { host: SANDBOX_HOST } : {}) });
  const url = sandbox.url.replace('127.0.0.1', 'localhost');
  process.stdout.write(`The sandbox listens at ${url} (VONAGE_API_HOST, and the phone in a browser)\n`);

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void sandbox.close().then(() => process.exit(0));
    });
  }
}

start().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
});
