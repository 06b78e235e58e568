import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECRETS } from '../../src/config/secret-files.js';
import { makeCertificate, withOpenssl } from '../support/certificates.js';
import { healthPaths, known, problemsOf, read, stopSeconds, version, type Yaml, yaml } from './deployment.js';

describe.each(['docker-compose.yml', 'ops/compose/compose.yml'])('%s', (file) => {
  const compose = yaml(file);
  const services = Object.entries<Yaml>(compose['services']);

  it('sets only variables of ours for our image', () => {
    const ours = services.filter(([, { build, image }]) => build || /nest-sms-otp/.test(image));
    expect(ours.length).toBeGreaterThan(2);
    for (const [, { environment = {} }] of ours)
      expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
  });

  it('names exact versions of images, and this version of ours', () => {
    const images = services.flatMap(([, { image }]) => (image ? [image as string] : []));
    for (const image of images)
      expect(image).toMatch(/^[\w./-]+:(v?\d+\.\d+(\.\d+)?(-[\w.]+)?)(@sha256:[0-9a-f]{64})?$/);
    for (const image of images.filter((each) => each.startsWith('nest-sms-otp')))
      expect(image).toBe(`nest-sms-otp:${version}`);
  });

  it('has a health check for every service that others wait for, and it asks what is there', () => {
    for (const [name, { depends_on = {} }] of services)
      for (const [other, { condition }] of Object.entries<Yaml>(depends_on)) {
        const service = compose['services'][other] as Yaml;
        expect([name, other, service]).toEqual([name, other, expect.any(Object)]);
        if (condition === 'service_healthy')
          expect([other, service['healthcheck'] ?? service['build']]).toEqual([other, expect.anything()]);
      }
    const checks = services.flatMap(([, { healthcheck }]) => healthcheck?.test?.join(' ') ?? []);
    const paths = checks.flatMap((check) => [...check.matchAll(/\/health\/\w+/g)].map(([path]) => path));
    expect(paths.filter((path) => !healthPaths.includes(path))).toEqual([]);
  });

  it('gives instances the time that they need to stop', () => {
    const instances = services.filter(([name]) => name.startsWith('application'));
    expect(instances.length).toBeGreaterThan(0);
    for (const [, { stop_grace_period, environment }] of instances) {
      const { SHUTDOWN_DELAY_MS, SHUTDOWN_GRACE_MS } = environment;
      const given = {
        ...(SHUTDOWN_DELAY_MS && { SHUTDOWN_DELAY_MS }),
        ...(SHUTDOWN_GRACE_MS && { SHUTDOWN_GRACE_MS }),
      };
      expect(Number(/^(\d+)s$/.exec(stop_grace_period)![1])).toBeGreaterThan(stopSeconds(given));
    }
  });
});

describe('ops/compose/compose.yml', () => {
  const folder = 'ops/compose';
  const compose = yaml(join(folder, 'compose.yml'));
  const services = compose['services'] as Record<string, Yaml>;
  const instances = ['application-a', 'application-b'].map((name) => services[name]!);
  const oneShot = ['migrate', 'grants'];

  it('restarts what runs, and runs migrations and grants once, before the instances', () => {
    for (const [name, { restart }] of Object.entries(services))
      expect([name, restart]).toEqual([name, oneShot.includes(name) ? 'no' : 'unless-stopped']);
    const waits = (name: string, other: string) =>
      expect(services[name]!['depends_on'][other].condition).toBe('service_completed_successfully');
    waits('grants', 'migrate');
    waits('application-a', 'grants');
    waits('application-b', 'grants');
  });

  it('has a health check, a read-only root and no new privileges everywhere', () => {
    for (const [name, service] of Object.entries(services)) {
      expect([name, service['read_only']]).toEqual([name, true]);
      expect([name, service['security_opt']]).toEqual([name, ['no-new-privileges:true']]);
      if (!oneShot.includes(name))
        expect([name, service['healthcheck']?.test]).toEqual([name, expect.any(Array)]);
    }
  });

  it('publishes the proxy only, and keeps Postgres and Redis inside', () => {
    const published = Object.entries(services).filter(([, { ports }]) => ports);
    expect(published.map(([name]) => name)).toEqual(['proxy']);
    expect(compose['networks'].back.internal).toBe(true);
    for (const name of ['postgres', 'redis', 'pgbouncer', 'migrate', 'grants'])
      expect([name, services[name]!['networks']]).toEqual([name, ['back']]);
  });

  it('has no secret in it: each is a file, and every service names those it reads', () => {
    const secrets = Object.keys(compose['secrets']);
    for (const [name, { secrets: given = [], ...service }] of Object.entries(services)) {
      expect([name, given.filter((each: string) => !secrets.includes(each))]).toEqual([name, []]);
      const text = JSON.stringify(service);
      const named = [...text.matchAll(/\/run\/secrets\/(\w+)/g)].map(([, secret]) => secret!);
      expect([name, named.filter((each) => !given.includes(each))]).toEqual([name, []]);
      for (const variable of Object.keys(service['environment'] ?? {}))
        expect(SECRETS).not.toContain(variable);
    }
  });

  it('has the addresses that nginx and TRUST_PROXY name', () => {
    const addressOf = (service: Yaml) => service['networks'].front.ipv4_address as string;
    const upstream = [...read(join(folder, 'nginx.conf')).matchAll(/^ +server (\S+) max_fails=0;$/gm)];
    expect(upstream.map(([, server]) => server)).toEqual(instances.map((each) => `${addressOf(each)}:3000`));
    for (const { environment } of instances) {
      expect(environment.TRUST_PROXY).toBe(addressOf(services['proxy']!));
      expect(environment.INSTANCES).toBe(String(instances.length));
    }
  });

  it('gives the application the rights that docs/operations.md describes, and no other', () => {
    const page = read('docs/operations.md');
    const documented = page.slice(page.indexOf('\n## Roles in Postgres\n'));
    const statements = read(join(folder, 'postgres/grants.sql'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('--'));
    expect(statements.length).toBe(4);
    for (const statement of statements) expect(documented).toContain(statement);
    const roles = read(join(folder, 'postgres/roles.sh'));
    for (const statement of ['CREATE ROLE otp_retention NOLOGIN;', 'GRANT otp_retention TO application;'])
      expect(roles).toContain(statement);
    expect(roles).toContain('CREATE ROLE application LOGIN NOINHERIT');
  });

  withOpenssl('with the secrets that make-secrets.sh makes', () => {
    const copy = mkdtempSync(join(tmpdir(), 'otp-compose-'));
    afterAll(() => rmSync(copy, { recursive: true, force: true }));

    it('is a configuration that the application starts with, and leaves secrets alone that exist', () => {
      cpSync(folder, copy, { recursive: true });
      execFileSync('sh', [join(copy, 'make-secrets.sh')], { stdio: 'pipe' });
      expect(readdirSync(join(copy, 'secrets')).sort()).toEqual(Object.keys(compose['secrets']).sort());
      const vonage = join(copy, 'secrets/vonage_api_key');
      for (const file of [vonage, join(copy, 'secrets/vonage_api_secret')]) writeFileSync(file, 'abc\n');
      const before = read(join(copy, 'secrets/session_keys'));
      execFileSync('sh', [join(copy, 'make-secrets.sh')], { stdio: 'pipe' });
      expect(read(join(copy, 'secrets/session_keys'))).toBe(before);
      expect(read(vonage)).toBe('abc\n');

      const settings = Object.fromEntries(
        [...read(join(copy, 'application.env.example')).matchAll(/^([A-Z_]+)=(.*)$/gm)].map(
          ([, name, value]) => [name!, value!],
        ),
      );
      const here = (value: string) => value.replace('/run/secrets', join(copy, 'secrets'));
      const environment = (service: Yaml) =>
        Object.fromEntries(
          Object.entries<string>(service['environment']).map(([name, value]) => [name, here(value)]),
        );
      for (const instance of instances)
        expect(problemsOf({ ...settings, ...environment(instance) })).toEqual([]);
      // nginx answers ACME challenges as a user without rights; nobody else reads the secrets.
      const modeOf = (name: string) => statSync(join(copy, name)).mode & 0o777;
      expect([modeOf('acme'), modeOf('secrets'), modeOf('tls')]).toEqual([0o755, 0o700, 0o700]);
      const { DATABASE_URL_FILE } = environment(services['migrate']!);
      expect(new URL(read(DATABASE_URL_FILE!).trim()).username).toBe('otp_owner');
    });
  });

  const nginx = process.env['NGINX_PATH'];
  (nginx ? withOpenssl : describe.skip)('nginx.conf', () => {
    it('is understood by nginx', () => {
      const { certificate, key, remove } = makeCertificate();
      const scratch = mkdtempSync(join(tmpdir(), 'otp-nginx-'));
      try {
        const conf = read(join(folder, 'nginx.conf'))
          .replace('/etc/nginx/tls/fullchain.pem', certificate)
          .replace('/etc/nginx/tls/privkey.pem', key)
          .replace('/run/nginx.pid', join(scratch, 'pid'))
          .replace('/dev/stderr', join(scratch, 'error.log'));
        writeFileSync(join(scratch, 'nginx.conf'), conf);
        const { status, stderr } = spawnSync(nginx!, [
          '-t',
          '-p',
          scratch,
          '-c',
          join(scratch, 'nginx.conf'),
        ]);
        expect([status, String(stderr)]).toEqual([0, expect.stringContaining('test is successful')]);
      } finally {
        remove();
        rmSync(scratch, { recursive: true, force: true });
      }
    });
  });
});
