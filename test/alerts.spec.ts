import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (file: string) => readFileSync(file, 'utf8');
const alerts = [...read('ops/prometheus/alerts.yml').matchAll(/^ +- alert: (\w+)$/gm)].map(
  ([, name]) => name!,
);

describe('the alerts', () => {
  it('are each explained in docs/alerts.md, with nothing else', () => {
    const explained = [...read('docs/alerts.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
    expect(explained).toEqual(alerts);
  });

  it('are each tested: that they fire, and that they stay quiet', () => {
    const tested = [...read('ops/prometheus/alerts.test.yml').matchAll(/^ +- name: (.+)$/gm)].map(
      ([, name]) => name,
    );
    expect(tested).toEqual(alerts.flatMap((name) => [`${name} fires`, `${name} stays quiet`]));
  });

  const promtool = process.env['PROMTOOL_PATH'];
  const withPromtool = promtool ? it : it.skip;
  withPromtool('are rules of Prometheus, and behave as their unit tests say', () => {
    const files = join('ops', 'prometheus');
    const run = (...args: string[]) => execFileSync(promtool!, args, { encoding: 'utf8', stdio: 'pipe' });
    expect(run('check', 'rules', join(files, 'alerts.yml'))).toContain(`${alerts.length} rules found`);
    run('test', 'rules', join(files, 'alerts.test.yml'));
  });
});

describe('the dashboard', () => {
  it('has a title, a unit and a query in each panel, none on top of another', () => {
    const { panels } = JSON.parse(read('ops/grafana/dashboard.json')) as {
      panels: {
        id: number;
        type: string;
        title: string;
        gridPos: { x: number; y: number };
        targets?: { expr: string }[];
      }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length);
    for (const panel of panels.filter(({ type }) => type !== 'row'))
      expect(panel.targets![0]!.expr).not.toBe('');
  });
});
