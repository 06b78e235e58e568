import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import type { Answer } from './support/client.js';
import { furtherInstances } from './support/instances.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';
import { times } from './support/times.js';
import { until } from './support/until.js';

const CALLERS = 40;
const statusesOf = (answers: { status: number }[]) =>
  [...new Set(answers.map(({ status }) => status))].sort();

describe('an instance that gets more than it can serve', () => {
  let application: TestApplication;
  let proxy: TcpProxy;
  /** Two connections to a database that answers late: it serves about sixteen statements a second. */
  let slow: TestApplication;
  let closeSlow: () => Promise<void>;

  beforeAll(async () => {
    application = await startApplication();
    const { hostname: host, port } = new URL(application.databaseUrl);
    proxy = await startTcpProxy({ host, port: Number(port || 5432) });
    const behind = { ...application, databaseUrl: proxy.through(application.databaseUrl) };
    const instances = await furtherInstances(behind, 1, {
      DATABASE_POOL_SIZE: '2',
      OVERLOAD_WAIT_MS: '1000',
    });
    slow = instances.all[1]!;
    closeSlow = instances.close;
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(async () => {
    await closeSlow();
    await proxy.close();
    await application.close();
  });

  const start = ({ client }: TestApplication) =>
    client.json('POST', '/request-otp', { phoneNumber: freshNumber() });

  async function untilRefused(kind: 'json' | 'html'): Promise<Answer> {
    for (;;) {
      const answer = await slow.client.as(kind, 'POST', '/request-otp', { phoneNumber: freshNumber() });
      if (answer.status === 503) return answer;
    }
  }

  it('refuses early, with Retry-After and without a reset, what it could not serve in time', async () => {
    proxy.mode({ kind: 'delay', ms: 60 });
    const warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const over = new AbortController();
    const callers = times(CALLERS, async () => {
      const answers = [];
      while (!over.signal.aborted) {
        answers.push(await start(slow));
        // As somebody who presses the button again.
        await sleep(1000);
      }
      return answers;
    });
    try {
      // The queue is long by now: whoever comes is told so, in JSON and as a page.
      for (const kind of ['json', 'html'] as const) {
        const refused = await untilRefused(kind);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(refused.text).toContain('Try again');
      }
      expect(warnings.mock.calls.map(([, words]) => words as string)).toContain(
        'overloaded, refusing requests',
      );
      // These work all the same.
      expect((await fetch(`${slow.url}/health/live`)).status).toBe(200);
      expect((await slow.client.html('POST', '/sign-out', {})).status).not.toBe(503);
    } finally {
      over.abort();
      proxy.mode({ kind: 'pass' });
    }
    const answers = (await callers).flat();
    expect(statusesOf(answers)).toEqual([200, 503]);
    for (const { status, headers } of answers) {
      if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }

    // And it serves everybody again when the crowd has gone.
    await until(async () => (await start(slow)).status === 200);
    expect(statusesOf(await times(10, () => start(slow)))).toEqual([200]);
  });
});
