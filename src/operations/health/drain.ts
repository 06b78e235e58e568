import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { setImmediate as afterIncoming, setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;
/** A browser opens connections ahead of time. One that has sent nothing for this long is closed. */
const SILENCE_MS = 1000;

/** What `app.close()` without a drain before it leaves the requests in flight. */
const CLOSE_GRACE_MS = 10_000;

/** Longer than any request waits for anything. Work for somebody who hung up is given up after this. */
const ABANDONED_MS = 30_000;

/** A turn of the event loop that takes less has read nothing from any connection. */
const QUIET_MS = 0.25;
/** How long to wait for such a turn. */
const NO_QUIET_MS = 1000;

/**
 * Waits until nothing that has arrived is left unread. Closing a connection, or the socket that accepts them,
 * resets those whose request the kernel holds and this process has not read.
 */
async function quietMoment(): Promise<void> {
  const giveUpAt = performance.now() + NO_QUIET_MS;
  let turnBegan: number;
  do {
    turnBegan = performance.now();
    await afterIncoming();
  } while (performance.now() - turnBegan > QUIET_MS && performance.now() < giveUpAt);
}

/** Lets the HTTP server stop without breaking a request. */
@Injectable()
export class Drain implements OnModuleInit, BeforeApplicationShutdown {
  private readonly connections = new Map<Socket, number>();
  private readonly unanswered = new Set<ServerResponse>();
  private server: Server | undefined;
  private draining = false;

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    // A command has no server.
    const server = this.host.httpAdapter?.getHttpServer() as Server | undefined;
    if (!server) return;
    this.server = server;
    server.on('connection', (socket) => {
      this.connections.set(socket, performance.now());
      socket.once('close', () => this.connections.delete(socket));
    });
    server.prependListener('request', (_request, response: ServerResponse) => {
      if (this.draining) response.setHeader('Connection', 'close');
      this.unanswered.add(response);
      // Whoever hung up gets no answer, but the work for it goes on until somebody tries to send one.
      response.once('close', () => {
        if (response.headersSent) this.unanswered.delete(response);
        else setTimeout(() => this.unanswered.delete(response), ABANDONED_MS).unref();
      });
    });
  }

  /** Whether the process is about to stop. */
  get isDraining(): boolean {
    return this.draining;
  }

  /** From now on each answer ends its connection, so that clients and proxies make the next one elsewhere. */
  begin(): void {
    this.draining = true;
    for (const response of this.unanswered)
      if (!response.headersSent) response.setHeader('Connection', 'close');
  }

  /**
   * Accepts no connection any more, closes those without a request, and waits for the requests in flight.
   * @returns how many requests were cut off because they took longer than `graceMs`
   */
  async finish(graceMs: number): Promise<number> {
    const giveUpAt = performance.now() + graceMs;
    await quietMoment();
    this.server?.close();
    while ((this.connections.size > 0 || this.inFlight > 0) && performance.now() < giveUpAt) {
      await sleep(LOOK_EVERY_MS);
      await quietMoment();
      this.server?.closeIdleConnections();
      for (const [socket, since] of this.connections)
        if (socket.bytesRead === 0 && performance.now() - since > SILENCE_MS) socket.destroy();
    }
    const cutOff = this.inFlight;
    this.server?.closeAllConnections();
    return cutOff;
  }

  /** Node keeps the connection of a request that was in flight when the server closed as long as an unused one. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.finish(CLOSE_GRACE_MS);
  }

  private get inFlight(): number {
    for (const response of this.unanswered)
      if (response.destroyed && response.writableEnded) this.unanswered.delete(response);
    return this.unanswered.size;
  }
}
