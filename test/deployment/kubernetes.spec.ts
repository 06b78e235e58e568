import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { healthPaths, known, problemsOf, read, stopSeconds, version, type Yaml } from './deployment.js';

describe('ops/kubernetes', () => {
  const objects = readdirSync('ops/kubernetes')
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(read(join('ops/kubernetes', file))))
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0]!;
      return document.toJS() as Yaml;
    });
  const find = (kind: string, name = 'otp') =>
    objects.find((each) => each['kind'] === kind && each['metadata'].name === name)!;
  const container = find('Deployment')['spec'].template.spec.containers[0] as Yaml;
  const { data } = find('ConfigMap');

  it('is valid by the schemas of Kubernetes, which do find mistakes', () => {
    const check = (list: Yaml[]) =>
      JSON.parse(
        execFileSync(process.execPath, ['test/support/validate-kubernetes.mjs'], {
          input: JSON.stringify(list),
          encoding: 'utf8',
        }),
      ) as string[];
    expect(check(objects)).toEqual([]);
    const wrong = structuredClone(find('Deployment'));
    wrong['spec'].replicas = '2';
    expect(check([wrong])).toEqual([expect.stringContaining('replicas must be integer')]);
    expect(objects.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'HorizontalPodAutoscaler',
      'Job',
      'NetworkPolicy',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Secret',
      'Secret',
      'Service',
    ]);
  });

  it('sets only variables of ours, and is a configuration that the application starts with', () => {
    expect(Object.keys(data).filter((name) => !known.has(name))).toEqual([]);
    const { stringData } = find('Secret');
    const folder = mkdtempSync(join(tmpdir(), 'otp-kubernetes-'));
    try {
      const ring = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
      for (const [name, value] of Object.entries<string>(stringData))
        writeFileSync(join(folder, name), value.replace('k1:CHANGE-ME', ring));
      const env = Object.entries<string>(data).map(([name, value]) => [
        name,
        value.replace('/run/secrets/otp', folder),
      ]);
      expect(problemsOf(Object.fromEntries(env))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('reads each secret from a file that is mounted', () => {
    const { stringData } = find('Secret');
    const files = Object.entries<string>(data).flatMap(([name, value]) =>
      name.endsWith('_FILE') ? [value] : [],
    );
    const mounts = container['volumeMounts'] as Yaml[];
    const [{ mountPath }] = mounts.filter(({ name }) => name === 'secrets') as [Yaml];
    expect(files.sort()).toEqual(
      Object.keys(stringData)
        .map((key) => `${mountPath}/${key}`)
        .sort(),
    );
    const job = find('Job', 'otp-migrate')['spec'].template.spec;
    expect(job.volumes[0].secret.secretName).toBe(find('Secret', 'otp-owner')['metadata'].name);
    for (const { name } of job.containers[0].env) expect(known).toContain(name);
  });

  it('asks the health checks that there are, at the port of the application', () => {
    expect(container['livenessProbe'].httpGet).toEqual({ path: healthPaths[0], port: 'http' });
    expect(container['startupProbe'].httpGet).toEqual({ path: healthPaths[0], port: 'http' });
    expect(container['readinessProbe'].httpGet).toEqual({ path: healthPaths[1], port: 'http' });
    const ports = Object.fromEntries(
      (container['ports'] as Yaml[]).map(({ name, containerPort }) => [name, String(containerPort)]),
    );
    expect(ports).toEqual({ http: data.PORT, metrics: data.METRICS_PORT });
    expect(find('Service')['spec'].ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
  });

  it('gives instances the time that they need to stop, and never takes the last one', () => {
    const { spec } = find('Deployment');
    const { SHUTDOWN_DELAY_MS, SHUTDOWN_GRACE_MS } = data;
    const seconds = stopSeconds({ SHUTDOWN_DELAY_MS, SHUTDOWN_GRACE_MS });
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(seconds);
    expect(Number(SHUTDOWN_DELAY_MS)).toBeGreaterThan(container['readinessProbe'].periodSeconds * 1000);
    expect(spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
    expect(find('PodDisruptionBudget')['spec'].minAvailable).toBeLessThan(spec.replicas);
  });

  it('runs as nobody, with a read-only root, and all that selects pods means the same ones', () => {
    for (const { spec } of [
      find('Deployment')['spec'].template,
      find('Job', 'otp-migrate')['spec'].template,
    ]) {
      // Of a service called sandbox, Kubernetes would make SANDBOX_PORT=tcp://….
      expect(spec.enableServiceLinks).toBe(false);
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      expect(spec.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(spec.containers[0].image).toMatch(new RegExp(`:${version.replaceAll('.', '\\.')}$`));
    }
    const { labels } = find('Deployment')['spec'].template.metadata;
    for (const selector of [
      find('Deployment')['spec'].selector.matchLabels,
      find('Service')['spec'].selector,
      find('PodDisruptionBudget')['spec'].selector.matchLabels,
      find('NetworkPolicy')['spec'].podSelector.matchLabels,
    ])
      expect(labels).toMatchObject(selector);
  });
});
