import { Command } from 'commander';
import { printing, runCommand } from './run-command.js';

const program = new Command('npm run sandbox --')
  .description(
    'Starts the Vonage look-alike and its phone page without the application, at SANDBOX_HOST and SANDBOX_PORT.',
  )
  .action(
    printing(async () => {
      const { loadEnvironmentFile, loadVariables } = await import('../config/index.js');
      loadEnvironmentFile();
      const {
        NODE_ENV,
        SANDBOX_HOST: host,
        SANDBOX_PORT: port,
      } = loadVariables(['NODE_ENV', 'SANDBOX_HOST', 'SANDBOX_PORT']);
      if (NODE_ENV === 'production')
        throw new Error('The sandbox shows every code to everybody: it does not run in production.');
      const { startSandbox } = await import('../sandbox/index.js');
      const sandbox = await startSandbox({ port, ...(host ? { host } : {}) });
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.once(signal, () => void sandbox.close().then(() => process.exit(0)));
      const url = sandbox.url.replace('127.0.0.1', 'localhost');
      return { lines: [`The sandbox listens at ${url} (VONAGE_API_HOST, and the phone in a browser)`] };
    }),
  );

void runCommand(program);
