// How soon a code page stands on a slow phone line: bytes, requests, largest contentful paint and layout shift in a real Chromium.
//   CHROMIUM_PATH=/usr/bin/chromium npm run bench:first-page
// The line is that of Chromium's "Slow 3G" preset: 400 ms round trip, 400 kbit/s both ways. Nothing is cached; the median of nine visits counts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { freePort, startNode, untilItListens } from './processes.mjs';
import { median } from './statistics.mjs';

const VISITS = 9;
const LINE = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };

const executablePath = process.env.CHROMIUM_PATH;
if (!executablePath) {
  process.stderr.write('CHROMIUM_PATH must name a Chromium\n');
  process.exit(2);
}

const [port, sandboxPort] = [await freePort(), await freePort()];
const base = `http://127.0.0.1:${port}`;
const directory = mkdtempSync(join(tmpdir(), 'otp-first-page-'));
const app = startNode('application', ['dist/src/main.js'], {
  folder: directory,
  env: {
    DATA_DIRECTORY: join(directory, 'data'),
    HOST: '127.0.0.1',
    PORT: String(port),
    SANDBOX_PORT: String(sandboxPort),
    LOG_LEVEL: 'warn',
    PROTECTION: 'record',
  },
});

/** In the page, before anything else: remembers the last contentful paint and adds up what shifted. */
function observe() {
  globalThis.seen = { lcpMs: 0, cls: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.seen.lcpMs = entry.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.seen.cls += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
}

async function visit(browser, address) {
  const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', LINE);
  let bytes = 0;
  let requests = 0;
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests += 1;
  });
  await page.addInitScript(observe);
  const response = await page.goto(address, { waitUntil: 'networkidle' });
  if (response.status() !== 200) throw new Error(`${address} answered ${response.status()}`);
  const { lcpMs, cls } = await page.evaluate('seen');
  await page.context().close();
  return { bytes, requests, lcpMs: Math.round(lcpMs), cls };
}

let browser;
try {
  await untilItListens(app, port);
  const started = await fetch(`${base}/request-otp`, {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    body: JSON.stringify({ phoneNumber: '+14155552671' }),
  });
  const { requestId } = await started.json();
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const pages = { 'phone page': `${base}/`, 'code page': `${base}/verify-otp?requestId=${requestId}` };
  for (const [name, address] of Object.entries(pages)) {
    const visits = [];
    for (let i = 0; i < VISITS; i += 1) visits.push(await visit(browser, address));
    const figures = Object.keys(visits[0]).map((key) => `${key} ${median(visits.map((each) => each[key]))}`);
    process.stdout.write(`${name}: ${figures.join(', ')}\n`);
  }
} finally {
  await browser?.close();
  await app.stop();
  rmSync(directory, { recursive: true, force: true });
}
