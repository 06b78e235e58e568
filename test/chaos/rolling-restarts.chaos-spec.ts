import { withNginx } from '../support/nginx.js';
import { rollingRestarts } from '../support/rolling-restarts.js';

withNginx('twenty rolling restarts of two instances under load', () => {
  it('through nginx and through kept connections: no flow fails, and each process ends with 0', async () => {
    const { failures, flows, seconds } = await rollingRestarts(20);
    expect(failures).toEqual([]);
    process.stdout.write(
      `${flows} flows in ${Math.round(seconds)} s, ${(flows / seconds).toFixed(1)} a second\n`,
    );
    expect(flows).toBeGreaterThan(200);
  }, 1_800_000);
});
