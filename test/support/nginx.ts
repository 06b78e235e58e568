import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { until } from './until.js';

/** A real nginx; `npm test` says so when there is none. */
const executable = process.env['NGINX_PATH'];
export const withNginx = executable ? describe : describe.skip;

/** Before instances on these ports, as Debian ships it: with connections that it keeps, and no checks of its own. */
export async function startNginx(ports: number[]): Promise<{ url: string; close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'otp-nginx-'));
  chmodSync(folder, 0o777);
  const port = await freePort();
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const servers = ports.map((instance) => `server 127.0.0.1:${instance};`);
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
    async close() {
      child.kill('SIGTERM');
      await until(() => child.exitCode !== null || child.signalCode !== null);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
