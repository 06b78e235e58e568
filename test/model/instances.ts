import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { createApp } from '../../src/app.setup.js';
import { type Config, loadConfig } from '../../src/config/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { Client } from '../support/client.js';
import { testEnvironment } from '../support/environment.js';
import { OpenApiValidator } from '../support/openapi-validator.js';

interface Instance {
  app: NestExpressApplication;
  client: Client;
}

/** Two instances of the application on one database, which die and come back. */
export class Instances {
  private readonly running: (Instance | null)[];
  private readonly ending: Promise<unknown>[] = [];

  private constructor(
    readonly application: TestApplication,
    private readonly config: Config,
    private readonly openApi: OpenApiValidator,
  ) {
    this.running = [{ app: application.app, client: application.client }, null];
  }

  static async start(env: Record<string, string>): Promise<Instances> {
    const application = await startApplication(env);
    const config = loadConfig(testEnvironment(application, env));
    const instances = new Instances(application, config, await OpenApiValidator.of(application.url));
    await instances.restart();
    return instances;
  }

  get secondLives(): boolean {
    return this.running[1] !== null;
  }

  /** The one asked for, or the one that lives. */
  at(index: number): Instance {
    const instance = this.running[index] ?? this.running.find((each) => each !== null);
    if (!instance) throw new Error('no instance lives');
    return instance;
  }

  /** The second instance ends in the middle of what it does: from now on it neither hears nor writes anything. */
  async kill(): Promise<void> {
    const victim = this.running[1];
    if (!victim) throw new Error('it is dead already');
    this.running[1] = null;
    await victim.app.get(DataSource).destroy();
    victim.app.getHttpServer().closeAllConnections();
    this.ending.push(victim.app.close().catch(() => undefined));
  }

  async restart(): Promise<void> {
    if (this.running[1]) return;
    const { databaseUrl, sandbox } = this.application;
    const app = await createApp(this.config, { databaseUrl, vonageApiHost: sandbox.url });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    this.running[1] = { app, client: new Client(`http://127.0.0.1:${port}`, this.openApi) };
  }

  async close(): Promise<void> {
    await this.running[1]?.app.close();
    // What a dead one was still waiting for ends with its time-out.
    await Promise.all(this.ending);
    await this.application.close();
  }
}
