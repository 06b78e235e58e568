import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VerificationProvider } from '../../src/verification/provider/verification-provider.js';
import type { VonageV1Provider } from '../../src/verification/provider/vonage/vonage-v1.provider.js';

export type Operation = 'start' | 'check' | 'cancel' | 'next' | 'lookup';

/** A request of Vonage's, and the start that it belongs to. */
export const ID = 'abcdef0123456789abcdef0123456789';
export const START = {
  phoneNumber: '+14155552671',
  channel: 'sms',
  codeLength: 6,
  ttlSeconds: 300,
  clientReference: 'ref1',
} as const;

/** Answers of Vonage, documented and broken, replayed at the adapters over a real socket and through the real SDK. */
class ReplayedVonage {
  private readonly server: Server = createServer();
  respond: RequestListener = () => undefined;
  received: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];

  async start(): Promise<void> {
    this.server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.received.push({ method: request.method!, url: request.url!, headers: request.headers, body });
        this.respond(request, response);
      });
    });
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
  }

  get options(): ConstructorParameters<typeof VonageV1Provider>[0] {
    const { port } = this.server.address() as AddressInfo;
    return {
      apiKey: 'key',
      apiSecret: 's3cret',
      brand: 'ACME',
      timeoutMs: 10_000,
      apiHost: `http://127.0.0.1:${port}/`,
    };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** For a suite: begins with it and ends with it. */
export function replayVonage(): ReplayedVonage {
  const vonage = new ReplayedVonage();
  beforeAll(() => vonage.start());
  afterAll(() => vonage.close());
  beforeEach(() => {
    vonage.received = [];
  });
  return vonage;
}

export const json =
  (status: number, body: unknown, type = 'application/json'): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'Content-Type': type });
    response.end(JSON.stringify(body));
  };

export function call(provider: VerificationProvider, operation: Operation) {
  switch (operation) {
    case 'start':
      return provider.start(START);
    case 'check':
      return provider.check(ID, '123456');
    case 'cancel':
      return provider.cancel(ID);
    case 'next':
      return provider.next(ID);
    case 'lookup':
      return provider.lookup!(ID);
  }
}
