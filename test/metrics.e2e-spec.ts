import { readFileSync } from 'node:fs';
import { MetricsServer } from '../src/operations/index.js';
import { Metrics } from '../src/operations/metrics/metrics.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import { furtherInstances } from './support/instances.js';
import { sealEverything } from './support/seal.js';
import { startTcpProxy } from './support/tcp-proxy.js';

/** The value of a sample, such as `otp_messages_total{country="US"}`; 0 if there is none. Labels may be a part. */
function valueOf(text: string, name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text
    .split('\n')
    .find((each) => new RegExp(`^${name}[{ ]`).test(each) && wanted.every((label) => each.includes(label)));
  return line ? Number(line.split(' ').at(-1)) : 0;
}

describe('/metrics', () => {
  let application: TestApplication;
  let url: string;
  const metrics = async () => (await fetch(url)).text();

  beforeAll(async () => {
    application = await startApplication({
      METRICS_PORT: '0',
      PROTECTION: 'enforce',
      NUMBER_COOLDOWN_SECONDS: 'off',
      LIMIT_ADDRESS: 'off',
      LIMIT_SESSION: 'off',
      LIMIT_PREFIX_PER_DAY: 'off',
      ALLOWED_COUNTRIES: 'US',
      BUDGET_PER_DAY: '10',
      VONAGE_REQUESTS_PER_SECOND: '50',
      VONAGE_FAILURES_BEFORE_BREAK: '2',
      RECONCILE_EVERY_SECONDS: '1',
    });
    url = `http://127.0.0.1:${application.app.get(MetricsServer, { strict: false }).port}/metrics`;
  });
  afterAll(() => application?.close());

  it('count messages, checks and conversions by country', async () => {
    const before = await metrics();
    const { requestId, code } = await application.started();
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    const after = await metrics();
    const grown = (name: string, labels: Record<string, string>) =>
      valueOf(after, name, labels) - valueOf(before, name, labels);
    expect(grown('otp_messages_total', { country: 'US', channel: 'sms' })).toBe(1);
    expect(grown('otp_verified_total', { country: 'US', channel: 'sms' })).toBe(1);
    expect(grown('otp_calls_total', { action: 'start', outcome: 'ok' })).toBe(1);
    expect(grown('otp_calls_total', { action: 'check', outcome: 'wrong-code' })).toBe(1);
    expect(grown('otp_calls_total', { action: 'check', outcome: 'ok' })).toBe(1);
    expect(grown('http_problems_total', { code: 'wrong-code' })).toBe(1);
    const route = { method: 'POST', route: '/verify-otp', status: '200' };
    expect(grown('http_request_duration_seconds_count', route)).toBe(1);
  });

  it('show what limits refuse and what is left of them', async () => {
    await application.client.json('POST', '/request-otp', { phoneNumber: '+4915112345678' });
    await application.started();
    const text = await metrics();
    expect(valueOf(text, 'otp_refusals_total', { action: 'start', rule: 'country', mode: 'enforce' })).toBe(
      1,
    );
    expect(valueOf(text, 'otp_limit', { limit: 'budget' })).toBe(10);
    const used = valueOf(text, 'otp_limit_used', { limit: 'budget' });
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThanOrEqual(10);
    expect(valueOf(text, 'otp_limit_used', { limit: 'country-limit', country: 'US' })).toBeGreaterThan(0);
  });

  it('show the database: the pool, statements and their failures, and how far the journal is sealed', async () => {
    const before = await metrics();
    expect(valueOf(before, 'otp_database_up')).toBe(1);
    expect(valueOf(before, 'otp_pool_size')).toBe(10);
    expect(valueOf(before, 'otp_pool_connections', { state: 'idle' })).toBeGreaterThan(0);
    expect(valueOf(before, 'otp_statement_seconds_count', { statement: 'start' })).toBeGreaterThan(0);
    expect(valueOf(before, 'otp_journal_lag_seconds', { reader: 'seal' })).toBeGreaterThan(0);
    await sealEverything(application);
    expect(valueOf(await metrics(), 'otp_journal_lag_seconds', { reader: 'seal' })).toBe(0);
    await application.sql.query('ALTER TABLE otp_decisions RENAME TO gone');
    await application.client.json('POST', '/request-otp', { phoneNumber: '+4915112345678' });
    await application.sql.query('ALTER TABLE gone RENAME TO otp_decisions');
    const labels = { statement: 'record-decision', code: '42P01' };
    expect(valueOf(await metrics(), 'otp_statement_errors_total', labels)).toBe(1);
  });

  it('show the statements of repositories by verb and table, and those of transactions once', async () => {
    const count = (text: string, statement: string) =>
      valueOf(text, 'otp_statement_seconds_count', { statement });
    const before = await metrics();
    await application.client.json('POST', '/sign-up', { email: 'measured@example.com' });
    // Its account is looked for after the answer.
    await application.mailbox.newest('measured@example.com');
    const after = await metrics();
    const grown = (statement: string) => count(after, statement) - count(before, statement);
    expect(grown('select host_users')).toBeGreaterThan(0);
    for (const word of ['start transaction', 'commit', 'rollback']) expect(after).not.toContain(`"${word}`);
  });

  it('begin at zero where an alert is about the first increase', async () => {
    const fresh = new Metrics();
    fresh.count({ type: 'background-started', job: 'Retention' });
    fresh.count({ type: 'message', country: 'FR', channel: 'sms' });
    fresh.count({
      type: 'provider-call',
      provider: 'vonage',
      operation: 'start',
      outcome: 'sent',
      fault: null,
      seconds: 0,
    });
    const text = await fresh.registry.metrics();
    expect(text).toContain('otp_background_rounds_total{task="Retention",outcome="failed"} 0');
    expect(text).toContain('otp_verified_total{country="FR",channel="sms"} 0');
    expect(text).toMatch(/otp_provider_calls_total{.*fault="misconfigured"} 0/);
    expect(text).toMatch(/otp_refusals_total{.*rule="budget",mode="enforce"} 0/);
  });

  it('are there while the database does not answer', async () => {
    const { hostname: host, port } = new URL(application.databaseUrl);
    const network = await startTcpProxy({ host, port: Number(port || 5432) });
    const behind = { ...application, databaseUrl: network.through(application.databaseUrl) };
    const { all, close } = await furtherInstances(behind, 1, { METRICS_PORT: '0' });
    try {
      const own = all[1]!.app.get(MetricsServer, { strict: false }).port;
      const read = async () => (await fetch(`http://127.0.0.1:${own}/metrics`)).text();
      expect(valueOf(await read(), 'otp_database_up')).toBe(1);
      network.mode({ kind: 'blackHole' });
      const since = performance.now();
      const text = await read();
      // Prometheus waits for ten seconds.
      expect(performance.now() - since).toBeLessThan(5000);
      expect(text).toContain('otp_database_up 0');
      expect(text).toContain('process_resident_memory_bytes');
    } finally {
      network.mode({ kind: 'pass' });
      await close();
      await network.close();
    }
  });

  it('show the process', async () => {
    const text = await metrics();
    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'process_resident_memory_bytes',
      'process_open_fds',
    ])
      expect(valueOf(text, name)).toBeGreaterThan(0);
  });

  it('have no number, no user and no request in them, whatever was called', async () => {
    const { requestId } = await application.started();
    await fetch(`${application.url}/verifications/${requestId}`);
    await fetch(`${application.url}/+14155550123?phoneNumber=+14155550123`);
    const labels = [...(await metrics()).matchAll(/\w+="([^"]*)"/g)].map(([, value]) => value!);
    expect(labels.length).toBeGreaterThan(50);
    // Neither seven digits in a row, nor an id.
    expect(labels.filter((value) => /\d{7}|[0-9a-f]{8}-[0-9a-f]{4}/.test(value))).toEqual([]);
  });

  it('show the provider: its latency, its faults, the pace and the breaker', async () => {
    expect(valueOf(await metrics(), 'otp_provider_breaker_open')).toBe(0);
    await application.fault({ kind: 'status', status: 500, operation: 'start', times: 2 });
    for (let i = 0; i < 2; i += 1)
      await application.client.json('POST', '/request-otp', { phoneNumber: freshNumber() });
    const text = await metrics();
    expect(valueOf(text, 'otp_provider_breaker_open')).toBe(1);
    expect(valueOf(text, 'otp_provider_calls_total', { operation: 'start', fault: 'unknown-outcome' })).toBe(
      2,
    );
    expect(valueOf(text, 'otp_provider_call_seconds_count', { operation: 'start' })).toBeGreaterThan(3);
    expect(valueOf(text, 'otp_provider_pace_wait_seconds_count')).toBeGreaterThan(3);
  });

  it('are at no other path and not on the port of the application', async () => {
    expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
    expect((await fetch(`${application.url}/metrics`)).status).toBe(404);
  });

  describe.each(['ops/prometheus/alerts.yml', 'ops/grafana/dashboard.json', 'docs/alerts.md'])(
    '%s',
    (file) => {
      it('names only metrics that exist', async () => {
        const text = await metrics();
        const known = new Set(
          [...text.matchAll(/^# TYPE (\w+) (\w+)/gm)].flatMap(([, name, type]) =>
            type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
          ),
        );
        const named = [...readFileSync(file, 'utf8').matchAll(/\b(?:otp|http|nodejs|process)_[a-z0-9_]+\b/g)];
        expect(named.length).toBeGreaterThan(2);
        expect(named.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
      });
    },
  );
});
