import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { isAlive } from './processes.js';
import { connect, type RunningServer } from './server.js';

/** Held by the owner's connection as long as it lives: ends with its process, however that ends. */
const OWNER_LOCK = 7_367_010;

export interface Owner {
  /** Gives the server up; it goes on running. */
  release(): Promise<void>;
}

/** Becomes the owner of a running server, or gives null when somebody else is. */
export async function own(server: RunningServer, password: string): Promise<Owner | null> {
  let client = await lock(server, password);
  if (!client) return null;
  let released = false;

  // Postgres drops every connection when one of its processes crashes, and goes on. Without the lock another
  // application could then take the server of a living one over.
  const keep = async () => {
    while (isAlive(server.pid)) {
      if (released) return;
      const again = await lock(server, password).catch(() => null);
      if (again) {
        client = again;
        if (released) await again.end();
        else again.once('end', () => void keep());
        return;
      }
      await sleep(50, undefined, { ref: false });
    }
  };
  client.once('end', () => void keep());

  return {
    async release() {
      released = true;
      await client!.end().catch(() => undefined);
    },
  };
}

async function lock(server: RunningServer, password: string): Promise<pg.Client | null> {
  const client = await connect(server, password);
  try {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      OWNER_LOCK,
    ]);
    if (rows[0]?.taken) return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  await client.end();
  return null;
}
