import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { HttpAdapterHost } from '@nestjs/core';
import { Drain } from './drain.js';

/** In a thread of its own: sends a request when told, says in shared memory when it has left, and reports the answer. */
const CLIENT = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { port, sent } } = require('node:worker_threads');
  parentPort.once('message', () => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n', () => {
        Atomics.store(sent, 0, 1);
        Atomics.notify(sent, 0);
      }),
    );
    socket.once('data', (data) => parentPort.postMessage(String(data).split('\\r\\n')[0]));
    socket.once('error', ({ code }) => parentPort.postMessage(code));
  });
`;

describe('Drain', () => {
  let server: Server;
  let client: Worker;
  let drain: Drain;
  const sent = new Int32Array(new SharedArrayBuffer(4));

  beforeEach(async () => {
    server = createServer((_request, response) => response.end('served'));
    drain = new Drain({ httpAdapter: { getHttpServer: () => server } } as unknown as HttpAdapterHost);
    drain.onModuleInit();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    client = new Worker(CLIENT, { eval: true, workerData: { port, sent } });
    await new Promise((online) => client.once('online', online));
  });
  afterEach(() => client.terminate());

  it('answers a request that reached the machine while the process was busy, just before it stops listening', async () => {
    drain.begin();
    const answer = new Promise((resolve) => client.once('message', resolve));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    client.postMessage('send');
    setImmediate(() => Atomics.wait(sent, 0, 0, 5000));
    expect(await drain.finish(5000)).toBe(0);
    expect(await answer).toBe('HTTP/1.1 200 OK');
  });
});
