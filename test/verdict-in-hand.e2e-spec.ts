import { setTimeout as sleep } from 'node:timers/promises';
import { startApplication } from './support/application.js';
import { furtherInstances } from './support/instances.js';
import { startTcpProxy } from './support/tcp-proxy.js';
import { until } from './support/until.js';

describe('a verdict in hand is not lost', () => {
  it('when the database is away while the provider says "matched": the person waits, and is in', async () => {
    const application = await startApplication();
    const { hostname: host, port } = new URL(application.databaseUrl);
    const proxy = await startTcpProxy({ host, port: Number(port || 5432) });
    const behind = { ...application, databaseUrl: proxy.through(application.databaseUrl) };
    const instances = await furtherInstances(behind, 1, {});
    try {
      const { requestId, code, phoneNumber } = await application.started();
      await application.fault({ kind: 'latency', operation: 'check', to: phoneNumber, latencyMs: 1000 });
      const fields = { requestId, otpCode: code };
      const answer = instances.all[1]!.client.json('POST', '/verify-otp', fields);
      const row = async () =>
        (
          await application.sql.query<{ status: string; attempts: number }>(
            'SELECT status, attempts FROM otp_verification_requests WHERE id = $1',
            [requestId],
          )
        ).rows[0]!;
      await until(async () => (await row()).attempts === 1);
      proxy.mode({ kind: 'reset' });
      await sleep(2500);
      expect((await row()).status).toBe('PENDING');
      proxy.mode({ kind: 'pass' });
      expect((await answer).body).toMatchObject({ status: 'VERIFIED' });
      expect((await row()).status).toBe('VERIFIED');
      // Once.
      const again = await application.client.json('POST', '/verify-otp', fields);
      expect(again.body['code']).toBe('already-verified');
    } finally {
      await instances.close();
      await proxy.close();
      await application.close();
    }
  });
});
