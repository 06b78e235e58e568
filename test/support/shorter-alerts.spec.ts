import { shorterAlerts } from './shorter-alerts.js';

const rules = (expr: string, duration?: string) =>
  JSON.stringify({
    groups: [{ rules: [{ alert: 'Any', expr, ...(duration ? { for: duration } : {}) }] }],
  });

describe('shorter alerts', () => {
  it.each([
    ['sum(rate(x[5m])) > 0.05', 'sum(rate(x[15s])) > 0.05'],
    ['rate(x[15m]) > 5 * rate(x[15m] offset 1d)', 'rate(x[45s]) > 5 * rate(x[45s] offset 60s)'],
    ['increase(x[1h]) > 30', 'increase(x[60s]) > 30'],
    ['max(otp_webhook_lag_seconds) > 600', 'max(otp_webhook_lag_seconds) > 30'],
    ['nodejs_eventloop_lag_p99_seconds > 0.5', 'nodejs_eventloop_lag_p99_seconds > 0.5'],
  ])('%s is %s', (expr, expected) => {
    expect(shorterAlerts(rules(expr)).yaml).toContain(`expr: ${expected}\n`);
  });

  it('wait for a shorter time, and at least a second', () => {
    expect(shorterAlerts(rules('x', '10m')).yaml).toContain('for: 30s');
    expect(shorterAlerts(rules('x', '1s')).yaml).toContain('for: 1s');
    expect(shorterAlerts(rules('x')).names).toEqual(['Any']);
  });
});
