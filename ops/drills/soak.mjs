// A long run: flows at a steady rate against one instance with the sandbox; reports failures, latencies, memory and descriptors.
//   npm run build && DATABASE_URL=postgres://… node ops/drills/soak.mjs --seconds 1800 --rate 30
// Without DATABASE_URL the instance brings its own database. Exits with 1 if a flow failed, or memory or descriptors grew by more than a tenth
// between the second and the last quarter of the run.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../../bench/processes.mjs';
import { median } from '../../bench/statistics.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string' }, rate: { type: 'string' } } });
const seconds = Number(values.seconds ?? 1800);
const rate = Number(values.rate ?? 30);

const [port, sandboxPort] = [await freePort(), await freePort()];
const directory = mkdtempSync(join(tmpdir(), 'otp-soak-'));
const env = {
  DATA_DIRECTORY: directory,
  ...process.env,
  HOST: '127.0.0.1',
  PORT: String(port),
  SANDBOX_PORT: String(sandboxPort),
  LOG_LEVEL: 'warn',
  // Everything is done as usual, but one address calls for everybody.
  PROTECTION: 'record',
  THROTTLE_ADDRESS: 'off',
  VONAGE_REQUESTS_PER_SECOND: 'off',
};
// A sandbox without the limit of 30 calls a second, in a process of its own as Vonage is.
const sandboxCode = `import { startSandbox } from './dist/src/sandbox/index.js'; await startSandbox({ port: ${sandboxPort}, requestsPerSecond: 0 });`;
const sandbox = spawn(process.execPath, ['--input-type=module', '-e', sandboxCode], { stdio: 'inherit' });
const app = spawn(process.execPath, ['dist/src/main.js'], {
  env: {
    ...env,
    VONAGE_API_HOST: `http://127.0.0.1:${sandboxPort}`,
    SANDBOX: 'off',
    VONAGE_API_KEY: 'k',
    VONAGE_API_SECRET: 's',
  },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const stop = async () => {
  app.kill('SIGTERM');
  if (app.exitCode === null) await new Promise((resolve) => app.once('exit', resolve));
  sandbox.kill();
  rmSync(directory, { recursive: true, force: true });
};

const agent = new Agent({ keepAlive: true, maxSockets: 200 });
const call = (at, path, body) =>
  new Promise((resolve, reject) => {
    const headers = { Accept: 'application/json', 'Content-Type': 'application/json' };
    const sent = request(
      { agent, host: '127.0.0.1', port: at, path, method: body ? 'POST' : 'GET', headers },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode, text }));
      },
    );
    sent.setTimeout(30_000, () => sent.destroy(new Error('timeout')));
    sent.on('error', ({ message }) => reject(new Error(`${path.split('?')[0]} ${message}`)));
    sent.end(body && JSON.stringify(body));
  });

let next = Math.floor(Math.random() * 5_000_000);
const latencies = { start: [], verify: [] };
const failures = new Map();
let flows = 0;
const timed = async (step, path, body) => {
  const began = performance.now();
  const answer = await call(port, path, body);
  latencies[step].push(performance.now() - began);
  if (answer.status !== 200) throw new Error(`${step} ${answer.status} ${JSON.parse(answer.text).code}`);
  return JSON.parse(answer.text);
};
async function flow() {
  const phoneNumber = `+1212${2_200_000 + (next = (next + 1) % 7_000_000)}`;
  try {
    const { requestId } = await timed('start', '/request-otp', { phoneNumber });
    const [{ code }] = JSON.parse(
      (await call(sandboxPort, `/ledger?to=${encodeURIComponent(phoneNumber)}`)).text,
    );
    const { status } = await timed('verify', '/verify-otp', { requestId, otpCode: code });
    if (status !== 'VERIFIED') throw new Error(`verify says ${status}`);
    flows += 1;
  } catch (error) {
    failures.set(error.message, (failures.get(error.message) ?? 0) + 1);
  }
}

const sample = () => ({
  rssMb: Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${app.pid}/status`, 'utf8'))[1]) / 1024,
  descriptors: readdirSync(`/proc/${app.pid}/fd`).length,
});
const percentile = (list, share) =>
  Math.round([...list].sort((a, b) => a - b)[Math.floor(list.length * share)] ?? 0);

let exitCode = 1;
try {
  for (let tries = 0; ; tries += 1) {
    if (
      await call(port, '/health/ready').then(
        ({ status }) => status === 200,
        () => false,
      )
    )
      break;
    if (tries > 600) throw new Error('the application does not start');
    await sleep(200);
  }
  const samples = [];
  const running = new Set();
  const began = performance.now();
  for (let begun = 0; performance.now() - began < seconds * 1000;) {
    const due = ((performance.now() - began) / 1000) * rate;
    for (; begun < due; begun += 1) {
      const one = flow().finally(() => running.delete(one));
      running.add(one);
    }
    if (samples.length < ((performance.now() - began) / 1000 / seconds) * 120) samples.push(sample());
    await sleep(5);
  }
  await Promise.all(running);
  const part = (from, to, name) =>
    median(samples.slice(samples.length * from, samples.length * to).map((each) => each[name]));
  const growth = Object.fromEntries(
    ['rssMb', 'descriptors'].map((name) => [
      name,
      [part(0.25, 0.5, name), part(0.75, 1, name)].map(Math.round),
    ]),
  );
  const report = {
    seconds,
    rate,
    flows,
    failures: Object.fromEntries(failures),
    startMs: {
      p50: percentile(latencies.start, 0.5),
      p95: percentile(latencies.start, 0.95),
      p99: percentile(latencies.start, 0.99),
    },
    verifyMs: {
      p50: percentile(latencies.verify, 0.5),
      p95: percentile(latencies.verify, 0.95),
      p99: percentile(latencies.verify, 0.99),
    },
    secondAndLastQuarter: growth,
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const isFlat = Object.values(growth).every(([before, after]) => after <= before * 1.1);
  exitCode = failures.size === 0 && isFlat ? 0 : 1;
} finally {
  await stop();
}
process.exit(exitCode);
