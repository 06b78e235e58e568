import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleLogger, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { type Config, loadConfig } from '../config/index.js';
import { findEmbeddedPostgres } from '../database/embedded-postgres/index.js';
import { requireSchema } from '../schema.js';

/** What goes to stdout is the command's result, and nothing else. */
class StderrLogger extends ConsoleLogger {
  protected override printMessages(
    ...[messages, context, level]: Parameters<ConsoleLogger['printMessages']>
  ) {
    super.printMessages(messages, context, level, 'stderr');
  }
}

/**
 * Runs a command with the application's parts on its database, that of DATABASE_URL or the one that `npm start` brings,
 * without serving and without the work that instances do by themselves. Ends with what the command returns; its errors
 * are told in one line.
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
  const databaseUrl = config.DATABASE_URL ?? runningDatabase(config);
  await requireSchema(databaseUrl, config.DATABASE_SCHEMA);
  // A command does only what it is asked for.
  const { verification, protection, admin } = config.options;
  Object.assign(verification, { reconcileEverySeconds: null, sealJournalEverySeconds: null });
  protection['watchEverySeconds'] = null;
  admin['rollUpEverySeconds'] = null;
  const module = AppModule.forRoot(config, {
    databaseUrl,
    // Of the application that runs beside: the real Vonage has not heard of what was sent there.
    ...(config.sandbox ? { vonageApiHost: `http://127.0.0.1:${config.SANDBOX_PORT}` } : {}),
  });
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

function runningDatabase({ dataDirectory }: Config): string {
  const url = findEmbeddedPostgres(join(dataDirectory, 'postgres'));
  if (!url)
    throw new Error('There is no database: set DATABASE_URL, or start the application, which brings one.');
  return url;
}
