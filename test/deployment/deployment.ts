import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ConfigurationError, environmentSchema, loadConfig } from '../../src/config/index.js';
import { SECRETS } from '../../src/config/secret-files.js';
import { HealthController } from '../../src/operations/health/health.controller.js';

export type Yaml = Record<string, any>;
export const read = (file: string) => readFileSync(file, 'utf8');
export const yaml = (file: string) => parse(read(file), { merge: true }) as Yaml;

export const known = new Set([
  ...Object.keys(environmentSchema.shape),
  ...SECRETS.map((name) => `${name}_FILE`),
]);
export const healthPaths = ['live', 'ready'].map(
  (name) => `/health/${Reflect.getMetadata('path', HealthController.prototype[name as 'live'])}`,
);
export const { version } = JSON.parse(read('package.json')) as { version: string };

/** What SIGTERM may take at most, in seconds: see main.ts. */
export function stopSeconds(env: Record<string, string>): number {
  const config = environmentSchema.parse(env);
  const constant = (name: string) =>
    Number(new RegExp(`${name} = ([\\d_]+)`).exec(read('src/main.ts'))![1]!.replaceAll('_', ''));
  const delay = config.SHUTDOWN_DELAY_MS ?? constant('DEFAULT_DELAY_MS');
  return (delay + config.SHUTDOWN_GRACE_MS + constant('CLEAN_UP_MS')) / 1000;
}

/** @returns what the application says against an environment; empty if it would start */
export function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    return loadConfig(env).warnings;
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}
