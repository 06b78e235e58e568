import { startApplication } from '../support/application.js';
import { furtherInstances } from '../support/instances.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

describe('an e-mail that could not be sent', () => {
  it.each(['/sign-up', '/password-reset'])(
    'is not promised: %s answers 503 while the database cannot be reached',
    async (path) => {
      const application = await startApplication();
      const { hostname: host, port } = new URL(application.databaseUrl);
      const proxy = await startTcpProxy({ host, port: Number(port || 5432) });
      const behind = { ...application, databaseUrl: proxy.through(application.databaseUrl) };
      const instances = await furtherInstances(behind, 1, {});
      const ask = () => instances.all[1]!.client.json('POST', path, { email: 'somebody@example.com' });
      try {
        expect((await ask()).status).toBe(200);
        proxy.mode({ kind: 'reset' });
        const { status, headers, body } = await ask();
        expect([status, body['code']]).toEqual([503, 'service-unavailable']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        proxy.mode({ kind: 'pass' });
        expect((await ask()).status).toBe(200);
      } finally {
        await instances.close();
        await proxy.close();
        await application.close();
      }
    },
  );
});
