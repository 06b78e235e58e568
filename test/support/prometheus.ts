import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.js';
import { run } from './program.js';
import { until } from './until.js';

/** A real Prometheus; `npm run test:chaos` says so when there is none. */
const executable = process.env['PROMETHEUS_PATH'];
export const withPrometheus = executable ? describe : describe.skip;

export interface Prometheus {
  /** The names of the alerts that are firing now. */
  firing(): Promise<Set<string>>;
  /** The value of each series, for the message of a failure. */
  query(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

const EVERY = '2s';

/** Scrapes the job `otp` every two seconds, and evaluates the rules every second. */
export async function startPrometheus(targets: string[], rules: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'otp-prometheus-'));
  const port = await freePort();
  const file = join(folder, 'prometheus.yml');
  writeFileSync(join(folder, 'rules.yml'), rules);
  writeFileSync(
    file,
    stringify({
      global: { scrape_interval: EVERY, scrape_timeout: EVERY, evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: [{ job_name: 'otp', static_configs: [{ targets }] }],
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const program = run(executable!, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const kill = () => void program.process.kill('SIGKILL');
  process.once('exit', kill);
  const get = async (path: string) => ((await (await fetch(url + path)).json()) as { data: unknown }).data;
  await until(
    () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { what: 'Prometheus is ready' },
  );
  return {
    async firing() {
      const { alerts } = (await get('/api/v1/alerts')) as {
        alerts: { labels: { alertname: string }; state: string }[];
      };
      return new Set(alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname));
    },
    query: (expression) => get(`/api/v1/query?query=${encodeURIComponent(expression)}`),
    async close() {
      kill();
      await program.ended();
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
