import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { createTestDatabase } from './database.js';
import { testEnvironment } from './environment.js';
import { freePort } from './free-port.js';
import { startNginx } from './nginx.js';
import { type Program, run } from './program.js';
import { until } from './until.js';

const PEOPLE = 4;
const DELAY_MS = 1000;
const LOOK_EVERY_MS = 100;

interface Reply {
  status: number;
  body: Record<string, unknown>;
}

/** One call on kept connections. @throws Error with the code of the connection's failure */
const call = (agent: Agent, url: string, body?: object) =>
  new Promise<Reply>((resolve, reject) => {
    const headers = { Accept: 'application/json', 'Content-Type': 'application/json' };
    const sent = request(url, { agent, method: body ? 'POST' : 'GET', headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          resolve({ status: answer.statusCode!, body: JSON.parse(text) as Reply['body'] });
        } catch {
          resolve({ status: answer.statusCode!, body: { text } });
        }
      });
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });

/** One instance, and its next lives at the same address. */
class RollingInstance {
  private program: Program | undefined;
  private constructor(
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  static async start(env: Record<string, string>): Promise<RollingInstance> {
    const instance = new RollingInstance(await freePort(), env);
    await instance.start();
    return instance;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const env = { HOST: '127.0.0.1', PORT: String(this.port), ...this.env };
    this.program = run(process.execPath, ['dist/src/main.js'], env);
    await this.program.says(/The application\s+http/);
  }

  /** @returns its exit code, and what it said last */
  async stop(): Promise<{ code: number | null; output: string }> {
    this.program!.process.kill('SIGTERM');
    const code = await this.program!.ended();
    return { code, output: this.program!.output() };
  }

  kill(): void {
    this.program?.process.kill('SIGKILL');
  }
}

/** Sends each call to the next instance that is ready, as a load balancer with health checks does. */
class Balancer {
  private readonly ready = new Set<string>();
  private turn = 0;
  private readonly timer: NodeJS.Timeout;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly urls: string[]) {
    urls.forEach((url) => this.ready.add(url));
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  isReady(url: string): boolean {
    return this.ready.has(url);
  }

  async call(path: string, body?: object): Promise<Reply> {
    for (let tries = 0; ; tries += 1) {
      const urls = this.urls.filter((url) => this.isReady(url));
      if (urls.length === 0) {
        // The person tries again at once, and must not keep this process from everything else.
        await sleep(LOOK_EVERY_MS);
        throw new Error('no instance is ready');
      }
      const url = urls[(this.turn += 1) % urls.length]!;
      try {
        return await call(this.agent, url + path, body);
      } catch (error) {
        // Nobody there: nothing was sent.
        if ((error as { code?: string }).code !== 'ECONNREFUSED' || tries > 10) throw error;
        this.ready.delete(url);
      }
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.agent.destroy();
  }

  private async look(): Promise<void> {
    for (const url of this.urls) {
      const isReady = await fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) this.ready.add(url);
      else if (this.ready.size > 1) this.ready.delete(url);
    }
  }
}

/** A person's whole flow. @returns what went wrong, or null */
async function flow(
  send: (path: string, body?: object) => Promise<Reply>,
  sandbox: Sandbox,
  phoneNumber: string,
) {
  try {
    const started = await send('/request-otp', { phoneNumber });
    if (started.status !== 200) return `start: ${started.status} ${JSON.stringify(started.body)}`;
    const requestId = String(started.body['requestId']);
    const otpCode = sandbox.ledger(phoneNumber).at(-1)!.code;
    const checked = await send('/verify-otp', { requestId, otpCode });
    return checked.status === 200 ? null : `check: ${checked.status} ${JSON.stringify(checked.body)}`;
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).message;
  }
}

/**
 * Restarts two instances in turn while people sign in through nginx and through clients that keep their connections.
 * @returns every flow that failed, every end that was not clean, how many flows there were, and in how many seconds
 */
export async function rollingRestarts(restarts: number) {
  const database = await createTestDatabase();
  const sandbox = await startSandbox({ port: 0, requestsPerSecond: 0 });
  const dataDirectory = mkdtempSync(join(tmpdir(), 'otp-rolling-'));
  const key = () => `k:${randomBytes(32).toString('base64')}`;
  const env = testEnvironment(
    { databaseUrl: database.url, dataDirectory },
    {
      LOG_LEVEL: 'fatal',
      PHONE_ENCRYPTION_KEYS: key(),
      PHONE_FINGERPRINT_KEYS: key(),
      SESSION_KEYS: key(),
      VONAGE_API_HOST: sandbox.url,
      SHUTDOWN_DELAY_MS: String(DELAY_MS),
    },
  );
  const instances: RollingInstance[] = [];
  const closing: (() => unknown)[] = [];
  const failures: string[] = [];
  let flows = 0;
  try {
    for (let i = 0; i < 2; i += 1) instances.push(await RollingInstance.start(env));
    const nginx = await startNginx(instances.map(({ port }) => port));
    closing.push(() => nginx.close());
    const throughNginx = new Agent({ keepAlive: true });
    closing.push(() => throughNginx.destroy());
    const balancer = new Balancer(instances.map(({ url }) => url));
    closing.push(() => balancer.close());
    const ways = {
      nginx: (path: string, body?: object) => call(throughNginx, nginx.url + path, body),
      'kept connections': (path: string, body?: object) => balancer.call(path, body),
    };
    const over = new AbortController();
    closing.push(() => over.abort());
    let number = 0;
    const people = Object.entries(ways).flatMap(([name, send]) =>
      Array.from({ length: PEOPLE }, async () => {
        while (!over.signal.aborted) {
          const failure = await flow(send, sandbox, `+1415${(5_570_000 + (number += 1)).toString()}`);
          flows += 1;
          if (failure) failures.push(`${name}: ${failure}`);
        }
      }),
    );
    const beganAt = performance.now();
    for (let i = 0; i < restarts; i += 1) {
      const before = flows;
      const { code, output } = await instances[i % 2]!.stop();
      if (code !== 0) failures.push(`exit code ${code}: ${output}`);
      await instances[i % 2]!.start();
      // As an orchestrator does, which stops the next one only when this one serves.
      await until(() => balancer.isReady(instances[i % 2]!.url));
      await until(() => flows > before + 2 * PEOPLE);
    }
    over.abort();
    await Promise.all(people);
    const seconds = (performance.now() - beganAt) / 1000;
    if (failures.length > 0) failures.push(...nginx.errors());
    return { failures, flows, seconds };
  } finally {
    for (const close of closing.reverse()) await close();
    instances.forEach((instance) => instance.kill());
    await sandbox.close();
    await database.drop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}
