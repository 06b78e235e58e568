import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { ConsoleLogger, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { loadConfig } from '../config/index.js';

/** What goes to stdout is the command's result, and nothing else. */
class StderrLogger extends ConsoleLogger {
  protected override printMessages(
    ...[messages, context, level]: Parameters<ConsoleLogger['printMessages']>
  ) {
    super.printMessages(messages, context, level, 'stderr');
  }
}

/**
 * Runs a command with the application's parts on the database of DATABASE_URL, without serving and without the work that
 * instances do by themselves. Ends with what the command returns; its errors are told in one line.
 */
export function onTheDatabase(
  usage: string,
  command: (app: INestApplicationContext, args: string[]) => Promise<number>,
): void {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return;
  }
  withApplication((app) => command(app, args)).then(
    (code) => (process.exitCode = code),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    },
  );
}

/** @throws Error saying what is missing */
export async function withApplication<T>(command: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = loadConfig();
  const databaseUrl = config.DATABASE_URL;
  if (!databaseUrl) {
    throw new Error('DATABASE_URL must be set; the embedded database belongs to the running application.');
  }
  const settings = {
    ...config,
    RECONCILE_EVERY_SECONDS: null,
    PROTECTION_WATCH_SECONDS: null,
    STATISTICS_EVERY_SECONDS: null,
  };
  const module = AppModule.forRoot(settings, { databaseUrl });
  const app = await NestFactory.createApplicationContext(module, {
    logger: new StderrLogger({ logLevels: ['error', 'warn'] }),
    abortOnError: false,
  });
  try {
    return await command(app);
  } finally {
    await app.close();
  }
}
