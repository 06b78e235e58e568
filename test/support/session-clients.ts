import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type Response } from 'express';
import type { SessionClient } from '../../src/testing/index.js';

type Work = (request: Request, response: Response) => Promise<unknown>;

/** How a client shows who it is, and how answers tell it. */
interface Credential {
  headers(value: string): Record<string, string>;
  /** What an answer gives the client to show from then on. */
  given(answer: globalThis.Response): string | null;
}

export const COOKIE: Credential = {
  headers: (value) => ({ Cookie: value }),
  given: (answer) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? null,
};

/** A server that runs what tests do within requests, and clients of it. */
export async function startSessionServer(prepare: (app: Express) => unknown, credential: Credential) {
  const works = new Map<string, Work>();
  const app = express();
  prepare(app);
  app.post('/:work', (request, response, next) => {
    works.get(request.params.work)!(request, response).then(() => response.end(), next);
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const clientWith = (value: string | null): SessionClient => ({
    async request<T>(work: (request: Request, response: Response) => Promise<T>): Promise<T> {
      const id = randomUUID();
      let done: Promise<T> | undefined;
      works.set(id, (request, response) => {
        done = work(request, response);
        // The test hears of it, and the request ends anyhow.
        return done.catch(() => undefined);
      });
      const answer = await fetch(`${url}/${id}`, {
        method: 'POST',
        headers: value === null ? {} : credential.headers(value),
      });
      works.delete(id);
      value = credential.given(answer) ?? value;
      return done!;
    },
    copy: () => clientWith(value),
    tampered: () => {
      if (value === null) throw new Error('this client has nothing to tamper with');
      const middle = Math.floor(value.length / 2);
      const other = value[middle] === 'A' ? 'B' : 'A';
      return clientWith(value.slice(0, middle) + other + value.slice(middle + 1));
    },
  });
  return {
    newClient: () => clientWith(null),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
