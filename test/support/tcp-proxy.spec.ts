import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';

/** Says everything back in capitals, and remembers what it heard. */
async function startEcho() {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      heard.push(bytes.toString());
      socket.write(bytes.toString().toUpperCase());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    heard,
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A connection that tells what happened to it. */
function dial(port: number) {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const seen = { text: '', ended: false, closed: false, error: '' };
  socket.on('data', (bytes) => (seen.text += bytes.toString()));
  socket.on('end', () => (seen.ended = true));
  socket.on('close', () => (seen.closed = true));
  socket.on('error', (error: NodeJS.ErrnoException) => (seen.error = error.code ?? error.message));
  return { socket, seen };
}

describe('a network to break', () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let proxy: TcpProxy;
  let tapped: string[];
  beforeEach(async () => {
    echo = await startEcho();
    tapped = [];
    proxy = await startTcpProxy({ host: '127.0.0.1', port: echo.port }, (direction, bytes, connection) =>
      tapped.push(`${connection} ${direction} ${bytes.toString()}`),
    );
  });
  afterEach(async () => {
    await proxy.close();
    await echo.close();
  });

  /** A connection that has had one answer. */
  const talking = async () => {
    const call = dial(proxy.port);
    call.socket.write('one');
    await until(() => call.seen.text === 'ONE');
    return call;
  };

  it('passes both ways, and shows a tap what passes', async () => {
    const { socket, seen } = await talking();
    expect(tapped).toEqual(['1 request one', '1 answer ONE']);
    expect(proxy.open).toBe(1);
    socket.end();
    await until(() => seen.closed);
    expect([seen.ended, seen.error]).toEqual([true, '']);
    await until(() => proxy.open === 0);
  });

  it('delays, in order; what a caller sent before it left still arrives', async () => {
    const { socket, seen } = await talking();
    proxy.mode({ kind: 'delay', ms: 150 });
    const since = performance.now();
    socket.write('two');
    await until(() => seen.text === 'ONETWO');
    expect(performance.now() - since).toBeGreaterThanOrEqual(299);
    socket.write('three');
    socket.destroy();
    proxy.mode({ kind: 'delay', ms: 0 });
    await until(() => echo.heard.includes('three'));
  });

  it('resets open connections and new ones', async () => {
    const { seen } = await talking();
    proxy.mode({ kind: 'reset' });
    await until(() => seen.closed);
    expect(seen.error).toBe('ECONNRESET');
    const next = dial(proxy.port);
    next.socket.write('two');
    await until(() => next.seen.closed);
    expect(next.seen.text).toBe('');
    expect(echo.heard).toEqual(['one']);
  });

  it.each([0, 2])('lets the request through and cuts the answer after %d bytes', async (afterBytes) => {
    const { socket, seen } = await talking();
    proxy.mode({ kind: 'truncate', afterBytes });
    socket.write('twotwo');
    await until(() => seen.ended);
    expect(seen.text).toBe(`ONE${'TWOTWO'.slice(0, afterBytes)}`);
    expect(echo.heard).toEqual(['one', 'twotwo']);

    const next = dial(proxy.port);
    next.socket.write('three');
    await until(() => next.seen.ended);
    expect(next.seen.text).toBe('THREE'.slice(0, afterBytes));
  });

  it('swallows everything and keeps connections open; what has a hole does not come back', async () => {
    const old = await talking();
    const idle = await talking();
    proxy.mode({ kind: 'blackHole' });
    old.socket.write('two');
    const fresh = dial(proxy.port);
    fresh.socket.write('three');
    await until(() => tapped.includes('3 request three') && tapped.includes('1 request two'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([old.seen.ended, fresh.seen.ended, echo.heard]).toEqual([false, false, ['one', 'one']]);

    proxy.mode({ kind: 'pass' });
    await until(() => old.seen.ended && fresh.seen.ended);
    idle.socket.write('four');
    await until(() => idle.seen.text === 'ONEFOUR');
    expect(echo.heard).toEqual(['one', 'one', 'four']);
  });

  it('closes one half: requests arrive, nothing comes back', async () => {
    const { socket, seen } = await talking();
    proxy.mode({ kind: 'halfClose' });
    await until(() => seen.ended);
    socket.write('two');
    await until(() => echo.heard.includes('two'));
    expect([seen.text, seen.error]).toEqual(['ONE', '']);
    const next = dial(proxy.port);
    next.socket.write('three');
    await until(() => echo.heard.includes('three') && next.seen.ended);
    expect(next.seen.text).toBe('');
  });

  it('goes elsewhere when told, and says so by a reset when nobody is there', async () => {
    const other = await startEcho();
    proxy.retarget({ host: '127.0.0.1', port: other.port });
    await talking();
    expect([echo.heard, other.heard]).toEqual([[], ['one']]);
    await other.close();
    const call = dial(proxy.port);
    call.socket.write('two');
    await until(() => call.seen.closed);
    expect(call.seen.text).toBe('');
  });

  it('makes an address of its own of any other', () => {
    expect(proxy.through('postgres://a:b@db.example:5432/app?sslmode=disable')).toBe(
      `postgres://a:b@127.0.0.1:${proxy.port}/app?sslmode=disable`,
    );
    expect(proxy.httpUrl).toBe(`http://127.0.0.1:${proxy.port}`);
  });
});
