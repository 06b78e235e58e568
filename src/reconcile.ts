import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { loadConfig } from './config/index.js';
import { VerificationReconciler } from './verification/index.js';

/** `npm run reconcile`: one round over the database of DATABASE_URL, reported as JSON. Running instances do it all the time. */
async function reconcile(): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = loadConfig();
  const databaseUrl = config.DATABASE_URL;
  if (!databaseUrl)
    throw new Error(
      'DATABASE_URL must be set; the embedded database is reconciled by the running application.',
    );
  const settings = { ...config, RECONCILE_EVERY_SECONDS: null };
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(settings, { databaseUrl }), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  const report = await app.get(VerificationReconciler, { strict: false }).runOnce();
  process.stdout.write(`${JSON.stringify(report)}\n`);
  await app.close();
}

reconcile().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
