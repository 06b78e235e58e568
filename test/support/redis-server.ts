import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { until } from './until.js';

/** A real Redis; `npm test` says so when there is none. */
const executable = process.env['REDIS_SERVER_PATH'];
export const withRedis = executable ? describe : describe.skip;

/** A Redis of the test's own, which can be killed, stopped for a while, and started again. */
export class RedisServer {
  private process: ChildProcess | null = null;
  private readonly folder = mkdtempSync(join(tmpdir(), 'otp-redis-'));

  private constructor(readonly port: number) {}

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.folder];
    this.process = spawn(executable!, args, { stdio: 'ignore' });
    await until(async () => (await this.ask((redis) => redis.ping()).catch(() => '')) === 'PONG');
  }

  /** Kills it as a crash would, and forgets all that it knew. */
  kill(): void {
    this.process?.kill('SIGKILL');
  }

  /** It neither answers nor refuses. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  /** Everything that it holds, as text. */
  dump(): Promise<string> {
    return this.ask(async (redis) => {
      const keys = await redis.keys('*');
      const values = await Promise.all(keys.map((key) => redis.get(key)));
      return JSON.stringify([keys, values]);
    });
  }

  /** Ends it. From then on its port refuses connections. */
  async close(): Promise<void> {
    const ended =
      this.process?.exitCode === null && this.process.signalCode === null && once(this.process, 'exit');
    this.thaw();
    this.kill();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }
}
