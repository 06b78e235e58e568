import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshNumber } from './application.js';
import { startWorld, type World } from './chaos-world.js';
import { freePort } from './free-port.js';
import { type MortalPostgres, startMortalPostgres } from './mortal-postgres.js';
import { type Prometheus, startPrometheus } from './prometheus.js';
import { RedisServer } from './redis-server.js';
import { shorterAlerts } from './shorter-alerts.js';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.js';

/** Two instances with everything that an alert is about, watched by a Prometheus with shorter rules. */
export interface AlertWorld {
  world: World;
  postgres: MortalPostgres;
  redis: RedisServer;
  receiver: WebhookReceiver;
  prometheus: Prometheus;
  /** The names of all alerts. */
  alerts: string[];
  /** Lets the second process take memory, or be blocked again and again. */
  behave(how: '' | 'memory' | 'blocked' | 'memory blocked'): void;
  /** Somebody asks for a code, and enters it. */
  flow(): Promise<void>;
  close(): Promise<void>;
}

const SETTINGS = {
  // Counts in Redis, and refuses nobody.
  THROTTLE_ADDRESS: '100000000/60',
  PROTECTION: 'enforce',
  NUMBER_COOLDOWN_SECONDS: 'off',
  LIMIT_NUMBER: 'off',
  LIMIT_SESSION: 'off',
  LIMIT_ADDRESS: 'off',
  LIMIT_PREFIX_PER_DAY: 'off',
  LIMIT_COUNTRY_PER_DAY: 'off',
  CONVERSION: 'off',
  // A message to the United Kingdom takes a hundredth of a country's budget.
  MESSAGE_PRICES: '*:0.0001,GB:1',
  BUDGET_PER_COUNTRY_PER_DAY: '100',
  BUDGET_PER_DAY: '10000',
  USER_RESERVE_PER_DAY: '0',
  VONAGE_REQUESTS_PER_SECOND: '20',
  VONAGE_FAILURES_BEFORE_BREAK: '5',
  VONAGE_TIMEOUT_MS: '12000',
  RECONCILE_EVERY_SECONDS: '1',
  JOURNAL_SEAL_SECONDS: '1',
  STATISTICS_EVERY_SECONDS: '2',
  RETENTION: 'on',
  WEBHOOKS_PRIVATE_ADDRESSES: 'allow',
  WEBHOOKS_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
  // An event is given up after a minute.
  WEBHOOKS_RETRY_SECONDS: '15,15,15,15',
};

export async function startAlertWorld(): Promise<AlertWorld> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), 'otp-alerts-'));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const postgres = await startMortalPostgres();
    closing.push(() => postgres.close());
    const redis = await RedisServer.start();
    closing.push(() => redis.close());
    const receiver = await startWebhookReceiver();
    closing.push(() => receiver.close());
    const ports = [await freePort(), await freePort()];
    const badProcess = join(folder, 'bad-process');
    const world = await startWorld({
      database: postgres,
      instances: 2,
      preloads: ['bad-process.mjs'],
      env: {
        ...SETTINGS,
        REDIS_URL: redis.url,
        WEBHOOKS_URL: receiver.url,
        EVENTS_FILE: join(folder, 'events.jsonl'),
      },
      envOf: (index) => ({
        METRICS_PORT: String(ports[index]),
        BAD_PROCESS: index === 1 ? badProcess : join(folder, 'never'),
      }),
    });
    closing.push(() => world.close());
    const { names, yaml } = shorterAlerts(readFileSync('ops/prometheus/alerts.yml', 'utf8'));
    const prometheus = await startPrometheus(
      ports.map((port) => `127.0.0.1:${port}`),
      yaml,
    );
    closing.push(() => prometheus.close());
    return {
      world,
      postgres,
      redis,
      receiver,
      prometheus,
      alerts: names,
      behave: (how) => writeFileSync(badProcess, how),
      async flow() {
        const phoneNumber = freshNumber();
        const started = await world.start(phoneNumber);
        const code = world.codeFor(phoneNumber);
        if (started?.status === 200 && code)
          await world.check(started.body['requestId'] as string, code, 'right');
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Repeats work until it is stopped, whatever becomes of it. @returns a function that stops it */
export function keepDoing(everyMs: number, work: () => Promise<unknown>): () => Promise<void> {
  const running = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const one = work().finally(() => running.delete(one));
    running.add(one);
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(running);
  };
}
