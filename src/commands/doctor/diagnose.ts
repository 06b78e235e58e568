import { checkConfiguration } from './check-configuration.js';
import { checkDatabase } from './check-database.js';
import { checkEventsFile } from './check-events-file.js';
import { checkMail, checkProxy, checkVonage, checkWebhook } from './check-network.js';
import { checkRedis } from './check-redis.js';
import type { Finding } from './finding.js';

/** Checks everything that an instance with this environment needs. Changes nothing. Each check runs, whatever the others find. */
export async function diagnose(env?: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { known, findings } = checkConfiguration(env);
  const checks = [
    checkDatabase,
    checkRedis,
    checkVonage,
    checkWebhook,
    checkEventsFile,
    checkMail,
    checkProxy,
  ];
  return [...findings, ...(await Promise.all(checks.map((check) => check(known)))).flat()];
}
