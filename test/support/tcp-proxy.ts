import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Target {
  host: string;
  port: number;
}

/** What the network does. Every mode holds for connections that are open already, and for new ones. */
export type NetworkMode =
  | { kind: 'pass' }
  /** Every piece arrives this much later, in order, either way; also after the sender has gone. */
  | { kind: 'delay'; ms: number }
  /** Open connections are reset, new ones as soon as they are made. */
  | { kind: 'reset' }
  /** Requests arrive; of what comes back only so many bytes, then the connection ends. */
  | { kind: 'truncate'; afterBytes: number }
  /** Connections are made and stay open; nothing arrives, either way. What was swallowed never comes. */
  | { kind: 'blackHole' }
  /** Requests arrive; the way back is closed. */
  | { kind: 'halfClose' };

/** Sees what passes, before the network does anything to it. */
export type Tap = (direction: 'request' | 'answer', bytes: Buffer, connection: number) => void;

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** Without a slash at the end. */
  readonly httpUrl: string;
  /** The same URL, by way of this proxy. */
  through(url: string): string;
  mode(mode: NetworkMode): void;
  /** New connections go there; open ones stay where they are. */
  retarget(target: Target): void;
  /** Connections that are open on the caller's side. */
  readonly open: number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** A network to break, between a program and what it talks to. It has no flow control: meant for small messages. */
export async function startTcpProxy(target: Target, tap: Tap = () => undefined): Promise<TcpProxy> {
  let mode: NetworkMode = { kind: 'pass' };
  let count = 0;
  const links = new Set<Link>();
  // Half-open allowed: each end of a connection is passed on by itself.
  const server = createServer({ allowHalfOpen: true }, (caller) => {
    const number = (count += 1);
    const link = new Link(
      caller,
      target,
      () => mode,
      (direction, bytes) => tap(direction, bytes, number),
    );
    links.add(link);
    caller.once('close', () => links.delete(link));
    link.enter();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: HOST,
    port,
    httpUrl: `http://${HOST}:${port}`,
    through(url) {
      const other = new URL(url);
      other.hostname = HOST;
      other.port = String(port);
      return other.href;
    },
    mode(next) {
      mode = next;
      for (const link of links) link.enter();
    },
    retarget(next) {
      target = next;
    },
    get open() {
      return links.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const link of links) link.cut();
      }),
  };
}

/** One connection: the caller's half and ours to the target. */
class Link {
  private readonly answerer: Socket;
  private readonly requests = new Lane();
  private readonly answers = new Lane();
  private answered = 0;
  private hasHole = false;

  constructor(
    private readonly caller: Socket,
    target: Target,
    private readonly mode: () => NetworkMode,
    tap: (direction: 'request' | 'answer', bytes: Buffer) => void,
  ) {
    this.answerer = connect({ ...target, allowHalfOpen: true });
    for (const socket of [this.caller, this.answerer]) socket.setNoDelay(true);
    caller.on('data', (bytes) => {
      tap('request', bytes);
      this.pass(this.requests, () => this.answerer.write(bytes));
    });
    this.answerer.on('data', (bytes) => {
      tap('answer', bytes);
      this.pass(this.answers, () => this.answer(bytes));
    });
    caller.on('end', () => this.pass(this.requests, () => this.answerer.end()));
    this.answerer.on('end', () => this.pass(this.answers, () => this.caller.end()));
    caller.on('error', () => undefined);
    // A caller that has gone took back nothing of what it sent: that arrives first.
    caller.on('close', () => {
      if (this.mode().kind === 'blackHole') this.answerer.destroy();
      else this.pass(this.requests, () => this.answerer.destroySoon());
    });
    // Nobody there, or reset from there.
    this.answerer.on('error', () => this.pass(this.answers, () => this.caller.resetAndDestroy()));
  }

  /** The network's mode is new, or this connection is. */
  enter(): void {
    const mode = this.mode();
    this.answered = 0;
    if (mode.kind === 'reset') this.reset();
    else if (mode.kind === 'halfClose') this.caller.end();
    else if (mode.kind !== 'blackHole' && this.hasHole) this.cut();
  }

  cut(): void {
    this.requests.clear();
    this.answers.clear();
    this.caller.destroy();
    this.answerer.destroy();
  }

  private reset(): void {
    this.caller.resetAndDestroy();
    this.answerer.destroy();
  }

  private pass(lane: Lane, deliver: () => void): void {
    const mode = this.mode();
    if (mode.kind === 'blackHole') this.hasHole = true;
    else lane.add(deliver, mode.kind === 'delay' ? mode.ms : 0);
  }

  private answer(bytes: Buffer): void {
    const mode = this.mode();
    if (mode.kind === 'halfClose' || this.caller.writableEnded) return;
    if (mode.kind !== 'truncate') {
      this.caller.write(bytes);
      return;
    }
    const left = Math.max(0, mode.afterBytes - this.answered);
    this.answered += bytes.length;
    if (left > 0) this.caller.write(bytes.subarray(0, left));
    if (this.answered < mode.afterBytes) return;
    this.caller.destroySoon();
    this.answerer.destroy();
  }
}

/** Things that happen in order, each not before its time. */
class Lane {
  private readonly waiting: { at: number; run: () => void }[] = [];
  private timer: NodeJS.Timeout | undefined;

  add(run: () => void, delayMs: number): void {
    this.waiting.push({ at: performance.now() + delayMs, run });
    if (!this.timer) this.go();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.waiting.length = 0;
  }

  private go(): void {
    this.timer = undefined;
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      const wait = next.at - performance.now();
      if (wait > 0) {
        this.timer = setTimeout(() => this.go(), wait);
        return;
      }
      this.waiting.shift();
      next.run();
    }
  }
}
