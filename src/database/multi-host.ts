import pg, { type Client, type ClientBase, type ClientConfig } from 'pg';
import type { Host, Servers } from './servers.js';

/** How long one server may take to answer before the next one is tried. */
const PROBE_TIMEOUT_MS = 2000;

/** Remembers which server of a cluster serves, and looks for another one when that fails. */
class ServerChoice {
  private chosen: Promise<Host> | undefined;

  constructor(private readonly servers: Servers) {}

  /** @throws the error of the last server if none serves */
  current(config: ClientConfig): Promise<Host> {
    this.chosen ??= this.find(config).catch((error: unknown) => {
      this.chosen = undefined;
      throw error;
    });
    return this.chosen;
  }

  /** The chosen server failed. The next connection looks for another one. */
  forget(): void {
    this.chosen = undefined;
  }

  private async find(config: ClientConfig): Promise<Host> {
    let lastError: unknown;
    for (const server of this.servers.hosts) {
      try {
        await this.probe(config, server);
        return server;
      } catch (error) {
        lastError = error;
      }
    }
    throw lastError;
  }

  private async probe(config: ClientConfig, server: Host): Promise<void> {
    const client = new pg.Client({ ...config, connectionTimeoutMillis: PROBE_TIMEOUT_MS });
    pointTo(client, server);
    // A server that ends the connection makes the query fail, which is enough.
    client.on('error', () => undefined);
    try {
      await client.connect();
      if (this.servers.needsWrites) await requireWrites(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** @throws Error with Postgres's code if the server takes no writes */
async function requireWrites(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
  if (rows[0]?.transaction_read_only !== 'off')
    throw Object.assign(new Error('the server takes no writes'), { code: '25006' });
}

/** The driver reads the address when it connects, and checks the server's certificate against it. */
const pointTo = (client: Client, server: Host): void => void Object.assign(client, server);

/** What the pool is given, besides the URL, for a cluster of several servers. */
export interface MultiHostOptions {
  Client: typeof Client;
  onConnect: (client: ClientBase) => Promise<void>;
}

/**
 * Makes each new connection go to a server that serves. A connection to a server that was demoted meanwhile is refused, and the
 * next one goes elsewhere.
 * @param onConnect what else runs on each new connection
 */
export function multiHost(
  servers: Servers,
  onConnect: (client: ClientBase) => Promise<void>,
): MultiHostOptions {
  const choice = new ServerChoice(servers);
  class MultiHostClient extends pg.Client {
    private readonly config: ClientConfig;

    constructor(config: ClientConfig = {}) {
      super(config);
      this.config = config;
    }

    override connect(): Promise<Client>;
    override connect(done: ((error: Error) => void) | ((error: null, client: Client) => void)): void;
    // The pool uses the form with a function.
    override connect(done?: (error: any, client: Client) => void): Promise<Client> | void {
      const connected = this.connectToCurrent();
      if (!done) return connected;
      connected.then(
        (client) => done(null, client),
        (error: unknown) => done(error, this),
      );
    }

    private async connectToCurrent(): Promise<Client> {
      pointTo(this, await choice.current(this.config));
      try {
        return await super.connect();
      } catch (error) {
        choice.forget();
        throw error;
      }
    }
  }
  return {
    Client: MultiHostClient,
    onConnect: async (client) => {
      if (servers.needsWrites)
        await requireWrites(client).catch((error: unknown) => {
          choice.forget();
          throw error;
        });
      await onConnect(client);
    },
  };
}
