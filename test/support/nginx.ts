import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { until } from './until.js';

/** A real nginx; `npm test` says so when there is none. */
const executable = process.env['NGINX_PATH'];
export const withNginx = executable ? describe : describe.skip;

/** Before instances on these ports, set as docs/operations.md says: it keeps connections, and holds no failure against an instance. */
export async function startNginx(
  ports: number[],
): Promise<{ url: string; errors: () => string[]; close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'otp-nginx-'));
  chmodSync(folder, 0o777);
  const port = await freePort();
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const servers = ports.map((instance) => `server 127.0.0.1:${instance} max_fails=0;`);
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 512; }
     http {
       access_log off; ${folders.join(' ')}
       upstream application { ${servers.join(' ')} keepalive 16; }
       server {
         listen 127.0.0.1:${port};
         location / { proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }
       }
     }`,
  );
  const child: ChildProcess = spawn(executable!, ['-p', folder, '-c', file], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until(
    () =>
      fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { what: 'an answer of nginx' },
  );
  return {
    url,
    /** What it wrote besides refused connections, which it passes on to another instance. */
    errors: () =>
      readFileSync(join(folder, 'error.log'), 'utf8')
        .split('\n')
        .filter((line) => line && !line.includes('Connection refused')),
    async close() {
      child.kill('SIGTERM');
      await until(() => child.exitCode !== null || child.signalCode !== null);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
