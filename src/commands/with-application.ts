import 'reflect-metadata';
import { join } from 'node:path';
import { ConsoleLogger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import * as admin from '../admin/index.js';
import { AppModule } from '../app.module.js';
import { withoutBackgroundWork } from '../background/background-job.js';
import { type Config, loadConfig, loadEnvironmentFile } from '../config/index.js';
import { findEmbeddedPostgres } from '../database/embedded-postgres/index.js';
import * as host from '../host/index.js';
import { requireSchema, tablesOf } from '../schema.js';
import * as verification from '../verification/index.js';
import { progress } from './run-command.js';

const FEATURES = { admin, host, verification };

/** The application for a command: its features, and `get`, which returns the instance of a service. */
export type Parts = typeof FEATURES & { get: <T>(service: Type<T>) => T };

/** Stdout is for the result of the command. */
class StderrLogger extends ConsoleLogger {
  protected override printMessages(
    ...[messages, context, level]: Parameters<ConsoleLogger['printMessages']>
  ) {
    super.printMessages(messages, context, level, 'stderr');
  }
}

/**
 * Runs a command with the application's services on its database: that of DATABASE_URL, or the one that `npm start`
 * runs. Serves nothing, and does none of the background work of instances.
 * @throws Error saying what is missing
 */
export async function withApplication<T>(command: (parts: Parts) => Promise<T>): Promise<T> {
  loadEnvironmentFile();
  const config = loadConfig();
  for (const warning of config.warnings) progress(`warning: ${warning}`);
  const databaseUrl = config.DATABASE_URL ?? runningDatabase(config);
  await requireSchema(databaseUrl, tablesOf(config));
  const module = AppModule.forRoot(config, {
    databaseUrl,
    // Nobody waits for a page, and a repair of the whole journal is one statement.
    statementTimeoutMs: 0,
    // Of the application that runs beside: the real Vonage has not heard of what was sent there.
    ...(config.sandbox ? { vonageApiHost: `http://127.0.0.1:${config.SANDBOX_PORT}` } : {}),
  });
  const app = await withoutBackgroundWork(() =>
    NestFactory.createApplicationContext(module, {
      logger: new StderrLogger({ logLevels: ['error', 'warn'] }),
      abortOnError: false,
    }),
  );
  try {
    return await command({ ...FEATURES, get: (service) => app.get(service, { strict: false }) });
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
