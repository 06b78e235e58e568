import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { createApp } from './app.setup.js';
import { banner, startedLine } from './banner.js';
import { type Config, loadConfig, loadEnvironmentFile } from './config/index.js';
import { startEmbeddedPostgres } from './database/embedded-postgres/index.js';
import { poolerWarning } from './database/pooler.js';
import { ConsoleMailer, type Mailer, SmtpMailer } from './host/index.js';
import { Drain, startTracing } from './operations/index.js';
import { migrate, requireSchema, tablesOf } from './schema.js';

/** How long a load balancer has to notice that the application is not ready any more. */
const DEFAULT_DELAY_MS = 3000;
/** For background work and connections to end, after the last request. */
const CLEAN_UP_MS = 10_000;

const LOOPBACK = '127.0.0.1';

/** What has been started, to be stopped in the reverse order: the database goes last. */
const started: { name: string; stop: () => Promise<unknown> }[] = [];
let stopping = false;
/** The longest that {@link drain} takes. */
let drainLimitMs = 0;

async function start(): Promise<void> {
  loadEnvironmentFile();
  const config = loadConfig();

  if (config.OTEL_EXPORTER_OTLP_ENDPOINT)
    started.push({ name: 'tracing', stop: await startTracing(config.OTEL_SERVICE_NAME) });
  const databaseUrl = config.DATABASE_URL ?? (await startDatabase(config));
  if (config.DATABASE_URL) await requireSchema(config.DATABASE_URL, tablesOf(config));
  const sandbox = config.sandbox ? await startOwnSandbox(config) : null;
  // Everybody can read their password: never where somebody keeps a database.
  const demoUsers = config.production ? 'refuse' : config.DATABASE_URL ? 'ignore' : 'create';
  const host = config.HOST ?? (demoUsers === 'create' ? LOOPBACK : undefined);
  if (demoUsers === 'create' && !isLoopback(host))
    process.stderr.write(
      `warning: HOST=${host}: whoever reaches this machine can sign in as the demo users, whose password is in the README\n`,
    );
  // Known once it listens: PORT may be 0.
  let port = config.PORT;
  const publicUrl = () => config.PUBLIC_URL ?? `http://localhost:${port}`;
  const mailer = mailerOf(config);
  const secret = config.VONAGE_SIGNATURE_SECRET ?? randomBytes(32).toString('base64url');
  const app = await createApp(config, {
    databaseUrl,
    demoUsers,
    ...(mailer ? { mail: { mailer, publicUrl } } : {}),
    ...(sandbox ? { vonageApiHost: sandbox.url, vonageSignatureSecret: secret } : {}),
  });
  drainLimitMs = shutdownDelayMs(config) + config.SHUTDOWN_GRACE_MS;
  started.push({
    name: 'application',
    stop: async () => {
      try {
        await drain(app, config);
      } finally {
        await app.close();
      }
    },
  });
  if (stopping) return;

  await (host ? app.listen(config.PORT, host) : app.listen(config.PORT));
  const pooler = config.DATABASE_URL && (await poolerWarning(app.get(DataSource)));
  for (const warning of [...config.warnings, ...(pooler ? [pooler] : [])]) warn(config, warning);
  port = (app.getHttpServer().address() as { port: number }).port;
  sandbox?.sendWebhooksTo({ url: `http://${reachable(host)}:${port}/webhooks/vonage/verify`, secret });
  if (config.production) return logger.log(startedLine(config, port), 'started');
  process.stdout.write(
    banner({ port, demoUsers: demoUsers === 'create', ...(sandbox ? { sandboxUrl: sandbox.url } : {}) }),
  );
}

const logger = new Logger('Application');

/** In production every line is JSON; elsewhere somebody looks at a terminal. */
function warn({ production }: Config, warning: string): void {
  if (production) logger.warn(warning);
  else process.stderr.write(`warning: ${warning}\n`);
}

/** Without SMTP_URL: the console, but not in production, where a log must not contain reset links. */
function mailerOf({ SMTP_URL, MAIL_FROM, production }: Config): Mailer | null {
  if (SMTP_URL && MAIL_FROM) return new SmtpMailer(SMTP_URL, MAIL_FROM);
  return production ? null : new ConsoleMailer();
}

const isLoopback = (host: string | undefined): boolean =>
  host !== undefined && /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);

/** Where the application's own machine finds it: at the address it listens on, if it does so on one. */
function reachable(host: string | undefined): string {
  if (!host || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

async function startDatabase(config: Config): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataDirectory: join(config.dataDirectory, 'postgres') });
  started.push({ name: 'database', stop: () => postgres.stop() });
  await migrate(postgres.url, tablesOf(config));
  return postgres.url;
}

async function startOwnSandbox(config: Config) {
  // Loaded only here: in production the sandbox's code is not even read.
  const { startSandbox } = await import('./sandbox/index.js');
  const sandbox = await startSandbox({ port: config.SANDBOX_PORT });
  started.push({ name: 'sandbox', stop: () => sandbox.close() });
  return sandbox;
}

/** Not ready at once, so that no new requests come; then no new connections; then the end of the requests in flight. */
async function drain(app: NestExpressApplication, config: Config): Promise<void> {
  const drain = app.get(Drain, { strict: false });
  drain.begin();
  await sleep(shutdownDelayMs(config));
  const cutOff = await drain.finish(config.SHUTDOWN_GRACE_MS);
  if (cutOff > 0) throw new Error(`${cutOff} requests took longer than SHUTDOWN_GRACE_MS and were cut off`);
}

const shutdownDelayMs = ({ SHUTDOWN_DELAY_MS, production }: Config): number =>
  SHUTDOWN_DELAY_MS ?? (production ? DEFAULT_DELAY_MS : 0);

async function stop(exitCode: number): Promise<void> {
  stopping = true;
  setTimeout(() => process.exit(1), drainLimitMs + CLEAN_UP_MS).unref();
  for (const { name, stop: stopIt } of started.reverse()) {
    await stopIt().catch((error: unknown) => {
      process.stderr.write(`could not stop the ${name}: ${(error as Error).message}\n`);
      exitCode = 1;
    });
  }
  process.exit(exitCode);
}

/** Ctrl-C comes from the terminal and, a moment later, from npm: one wish. */
const SAME_SIGNAL_MS = 250;
let toldAt = Infinity;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    // A second signal means: at once.
    if (performance.now() - toldAt > SAME_SIGNAL_MS) process.exit(1);
    if (toldAt === Infinity) toldAt = performance.now();
    if (!stopping) void stop(0);
  });

start().catch((error: NodeJS.ErrnoException) => {
  const words =
    error.code === 'EADDRINUSE'
      ? `Port ${(error as { port?: number }).port} is in use. Stop what listens there, or set PORT, METRICS_PORT or SANDBOX_PORT to another one.`
      : error.message;
  process.stderr.write(`${words}\n`);
  if (!stopping) void stop(1);
});
