import { startSandbox } from './sandbox.js';

// `npm run sandbox`: the look-alike alone, for an application that runs elsewhere (VONAGE_API_HOST).
if (process.env['NODE_ENV'] === 'production') {
  process.stderr.write('The sandbox shows every code to anyone; it does not run in production.\n');
  process.exit(1);
}

const port = Number(process.env['SANDBOX_PORT'] ?? 3001);
const host = process.env['SANDBOX_HOST'] ?? '127.0.0.1';
startSandbox({ port, host })
  .then((sandbox) => {
    process.stdout.write(
      `The sandbox listens at http://localhost:${sandbox.port} (its phone is the same address in a browser).\n` +
        `Point an application to it: VONAGE_API_HOST=http://localhost:${sandbox.port} npm start\n`,
    );
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void sandbox.close().then(() => process.exit(0)));
    }
  })
  .catch((error: NodeJS.ErrnoException) => {
    const words =
      error.code === 'EADDRINUSE'
        ? `Port ${port} is in use; set SANDBOX_PORT to another one.`
        : error.message;
    process.stderr.write(`${words}\n`);
    process.exit(1);
  });
