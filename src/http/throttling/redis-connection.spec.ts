import { Logger } from '@nestjs/common';
import { until } from '../../../test/support/until.js';
import { RedisConnection } from './redis-connection.js';

describe('a Redis that has failed', () => {
  it('is asked again after a second, also when the clock of the instance is set back meanwhile', async () => {
    const lines = (['warn', 'log'] as const).map((level) =>
      jest.spyOn(Logger.prototype, level).mockImplementation(),
    );
    const connection = new RedisConnection('redis://127.0.0.1:9');
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now');
    try {
      expect(await connection.call(() => Promise.reject(new Error('gone')))).toBeNull();
      expect(await connection.call(async () => 'answer')).toBeNull();
      clock.mockReturnValue(now - 3_600_000);
      await until(async () => (await connection.call(async () => 'answer')) === 'answer', {
        what: 'the answer',
      });
    } finally {
      clock.mockRestore();
      for (const line of lines) line.mockRestore();
      connection.close();
    }
  });
});
