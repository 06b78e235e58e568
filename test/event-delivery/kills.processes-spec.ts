import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshNumber } from '../support/application.js';
import { createTestDatabase } from '../support/database.js';
import { testEnvironment } from '../support/environment.js';
import { freePort } from '../support/free-port.js';
import { type Program, run } from '../support/program.js';
import { until } from '../support/until.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';
import { NEW_SECRET, numbersOf } from './delivery.js';

describe('an instance that is killed while it delivers', () => {
  it('has delivered nothing for good: the next one delivers the same event again, then the rest in order', async () => {
    const receiver = await startWebhookReceiver();
    const database = await createTestDatabase();
    const dataDirectory = mkdtempSync(join(tmpdir(), 'otp-events-'));
    const programs: Program[] = [];
    const start = async () => {
      const port = await freePort();
      const instance = run(process.execPath, ['dist/src/main.js'], {
        ...testEnvironment({ databaseUrl: database.url, dataDirectory }),
        HOST: '127.0.0.1',
        PORT: String(port),
        SANDBOX_PORT: '0',
        WEBHOOKS_URL: receiver.url,
        WEBHOOKS_SECRETS: NEW_SECRET,
        WEBHOOKS_PRIVATE_ADDRESSES: 'allow',
        WEBHOOKS_TIMEOUT_MS: '5000',
      });
      programs.push(instance);
      await instance.says(/The application\s+http/);
      return { instance, url: `http://127.0.0.1:${port}` };
    };
    try {
      const { instance, url } = await start();
      // Delivered, but not confirmed: the process dies first.
      receiver.answer = () => instance.process.kill('SIGKILL');
      const answer = await fetch(`${url}/request-otp`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ phoneNumber: freshNumber() }),
      });
      const { requestId } = (await answer.json()) as { requestId: string };
      await instance.ended();
      expect(receiver.deliveries.map(({ id }) => id)).toEqual([`evt_${requestId}_1`]);

      receiver.answer = (_delivery, response) => response.writeHead(204).end();
      await start();
      await until(() => numbersOf(receiver, requestId).includes(2), { what: 'the rest' });
      expect(receiver.deliveries.map(({ id }) => id)).toEqual([1, 1, 2].map((n) => `evt_${requestId}_${n}`));
    } finally {
      for (const { process } of programs) process.kill('SIGKILL');
      await receiver.close();
      await database.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  });
});
