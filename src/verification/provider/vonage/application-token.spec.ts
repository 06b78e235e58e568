import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';
import { VonageV2Provider } from './vonage-v2.provider.js';

describe('Verify v2 as an application', () => {
  it('is called with a token of its id, signed by its key, for starts and checks alike', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const id = randomUUID();
    const server = createServer((request, response) => {
      seen.push(request.headers);
      const body =
        request.url === '/v2/verify' ? { request_id: id } : { request_id: id, status: 'completed' };
      response.writeHead(request.url === '/v2/verify' ? 202 : 200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const application = {
      id: randomUUID(),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
    const provider = new VonageV2Provider({
      apiKey: 'key',
      apiSecret: 'secret',
      application,
      brand: 'Test',
      apiHost: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      timeoutMs: 5000,
    });
    try {
      const started = await provider.start({
        phoneNumber: '+14155550100',
        channel: 'sms',
        codeLength: 6,
        ttlSeconds: 300,
        clientReference: 'abc',
      });
      expect(started).toEqual({ outcome: 'started', providerRequestId: id });
      expect(await provider.check(id, '123456')).toEqual({ outcome: 'matched' });
      expect(seen).toHaveLength(2);
      for (const { authorization } of seen) {
        const token = authorization!.replace(/^Bearer /, '');
        const claims = jwt.verify(token, publicKey.export({ type: 'spki', format: 'pem' }), {
          algorithms: ['RS256'],
        });
        expect(claims).toMatchObject({ application_id: application.id });
      }
    } finally {
      await provider.onApplicationShutdown();
      server.close();
    }
  });
});
