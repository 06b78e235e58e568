import { setTimeout as sleep } from 'node:timers/promises';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { VERIFICATION_EVENT, type VerificationEvent } from '../../src/index.js';
import { startApplication } from '../support/application.js';
import { until } from '../support/until.js';

describe('events are published', () => {
  it('once, also when a subscriber works for longer than a transaction is usually allowed to be idle', async () => {
    const application = await startApplication();
    try {
      const emitter = application.app.get(EventEmitter2);
      const seen: VerificationEvent[] = [];
      emitter.on(VERIFICATION_EVENT, (event: VerificationEvent) => seen.push(event));
      let isFirst = true;
      emitter.on('verification.started', async () => {
        if (isFirst) await sleep(16_000);
        isFirst = false;
      });
      await application.started();
      await until(() => seen.some(({ number }) => number === 2));
      await sleep(3000);
      expect(seen.map(({ number }) => number)).toEqual([1, 2]);
    } finally {
      await application.close();
    }
  }, 60_000);
});
