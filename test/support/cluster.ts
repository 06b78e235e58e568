import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from './client.js';
import { OpenApiValidator } from './openapi-validator.js';
import { type Program, run } from './program.js';

export interface ClusterOptions {
  /** Defaults to 3. */
  instances?: number;
  /** Of every instance. */
  env: Record<string, string>;
  /** Besides, of one instance; `life` counts its starts from 1. */
  envOf?: (index: number, life: number) => Record<string, string>;
  /** Modules of test/support that run before the application: `kill-points.mjs`, `clock-skew.mjs`. */
  preloads?: string[];
  /** A process that is killed is started again. */
  restarts?: boolean;
}

const START_LIMIT_MS = 90_000;

/** One process of the application, through all its lives. */
export class Instance {
  /** Speaks to the process that runs now; null while none does. */
  client: Client | null = null;
  /** How often it was started. */
  lives = 0;
  /** How often it was killed, by itself or by us. */
  kills = 0;
  /** Why it ended when nobody had killed it. */
  failure: string | null = null;
  /** When this life became ready, by `performance.now()`. */
  readySince = 0;
  private program: Program | undefined;
  private supervising: Promise<void> | undefined;
  private retired = false;

  constructor(
    readonly index: number,
    private readonly options: ClusterOptions,
  ) {}

  /** Starts it, if it does not run, and waits until it serves. @throws Error with its output when it does not */
  async start(): Promise<void> {
    this.retired = false;
    this.supervising ??= this.supervise().finally(() => (this.supervising = undefined));
    const giveUpAt = Date.now() + START_LIMIT_MS;
    while (!this.client) {
      this.mustBeWell();
      if (Date.now() > giveUpAt) throw new Error(`instance ${this.index} does not start:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Everything that the process of this life wrote so far. */
  get output(): string {
    return this.program?.output() ?? '';
  }

  /** -9. It is started again by itself if the cluster does that, else by {@link start}. */
  async kill(): Promise<void> {
    const victim = this.program;
    this.client = null;
    victim?.process.kill('SIGKILL');
    await victim?.ended();
  }

  /** -9, and the next life. */
  async restart(): Promise<void> {
    await this.kill();
    if (!this.options.restarts) await this.supervising;
    await this.start();
  }

  /** Ends it for good, without ceremony: its data are not needed any more. */
  async retire(): Promise<void> {
    this.retired = true;
    await this.kill();
    await this.supervising;
  }

  /** @throws Error if it ended by itself: that is never part of a test */
  mustBeWell(): void {
    if (this.failure) throw new Error(`instance ${this.index} ended by itself:\n${this.failure}`);
  }

  private async supervise(): Promise<void> {
    do {
      this.lives += 1;
      const program = run(process.execPath, ['dist/src/main.js'], this.environment());
      this.program = program;
      const ended = new Promise<void>((resolve) => program.process.once('exit', () => resolve()));
      await program
        .says(/The application\s+http:\/\/localhost(:\d+)/, START_LIMIT_MS)
        .then(async ([, port]) => {
          const url = `http://127.0.0.1${port}`;
          const client = new Client(url, await OpenApiValidator.of(url));
          if (program.process.exitCode === null && program.process.signalCode === null) this.client = client;
          this.readySince = performance.now();
        })
        .catch((error: unknown) => {
          // Killed while it started: its end says so.
          if (program.process.exitCode === null && program.process.signalCode === null)
            this.failure = `${String(error)}\n${program.output()}`;
        });
      await ended;
      this.client = null;
      if (program.process.signalCode === 'SIGKILL') this.kills += 1;
      else this.failure = program.output() || `exit code ${program.process.exitCode}`;
    } while (this.options.restarts && !this.retired && !this.failure);
  }

  private environment(): Record<string, string> {
    const { env, envOf, preloads = [] } = this.options;
    const imports = preloads.map((file) => `--import=${pathToFileURL(join('test/support', file)).href}`);
    return {
      HOST: '127.0.0.1',
      PORT: '0',
      ...env,
      ...envOf?.(this.index, this.lives),
      NODE_OPTIONS: imports.join(' '),
    };
  }
}

export interface Cluster {
  readonly instances: readonly Instance[];
  /** How often processes were killed, all together. */
  readonly kills: number;
  /** The next instance that runs, in turn; null when none does. */
  next(): Instance | null;
  kill(index: number): Promise<void>;
  /** -9, and the next life. */
  restart(index: number): Promise<void>;
  close(): Promise<void>;
}

/** Several processes of the built application (`npm run build`), each with a port of its own. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const instances = Array.from(
    { length: options.instances ?? 3 },
    (_, index) => new Instance(index, options),
  );
  const close = async () => {
    process.off('exit', killAll);
    await Promise.all(instances.map((instance) => instance.retire()));
  };
  // Whatever ends the tests, no process is left behind.
  const killAll = () => instances.forEach((instance) => void instance.kill());
  process.once('exit', killAll);
  try {
    await Promise.all(instances.map((instance) => instance.start()));
  } catch (error) {
    await close();
    throw error;
  }
  let turn = 0;
  return {
    instances,
    get kills() {
      return instances.reduce((sum, { kills }) => sum + kills, 0);
    },
    next() {
      for (let tries = 0; tries < instances.length; tries += 1) {
        const instance = instances[(turn += 1) % instances.length]!;
        instance.mustBeWell();
        if (instance.client) return instance;
      }
      return null;
    },
    kill: (index) => instances[index]!.kill(),
    restart: (index) => instances[index]!.restart(),
    close,
  };
}
