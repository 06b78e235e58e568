import { withNginx } from './support/nginx.js';
import { rollingRestarts } from './support/rolling-restarts.js';

withNginx('two instances are restarted in turn under load', () => {
  it('through nginx and through kept connections: no flow fails, and each process ends with 0', async () => {
    const { failures, flows } = await rollingRestarts(3);
    expect(failures).toEqual([]);
    expect(flows).toBeGreaterThan(20);
  });
});
