import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type BrandOptions, type PagesOptions, VerificationModule } from '../src/index.js';
import { FakeVerificationProvider } from '../src/testing/index.js';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { nestApplication } from './support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const addressesIn = (page: string) =>
  [...page.matchAll(/(?:href|src)="([^"]*otp-assets[^"]*)"/g)].map(([, path]) => path!);

describe('the shell of the pages', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const get = (path: string, encoding = 'identity') =>
    fetch(application.url + path, { headers: { 'Accept-Encoding': encoding } });
  const form = () => application.client.html('GET', '/');

  it('has the name of the service in the title, in the header and on pages of failures', async () => {
    for (const path of ['/', '/nowhere', '/sign-in']) {
      const { text } = await application.client.html('GET', path);
      expect(text).toMatch(/<title>.+ · MyApp<\/title>/);
      expect(text).toMatch(/<header class="site">[\s\S]*<span>MyApp<\/span>[\s\S]*<\/header>/);
    }
  });

  it('begins with a link to the content', async () => {
    const { text } = await form();
    expect(text).toMatch(/<body>\n<a class="skip" href="#main">Skip to content<\/a>/);
    expect(text).toContain('<main id="main" tabindex="-1">');
  });

  it('has files that browsers keep, in the encoding they ask for', async () => {
    const addresses = addressesIn((await form()).text);
    expect(addresses).toHaveLength(3);
    for (const address of addresses) {
      expect(address).toMatch(/\/[a-z]+\.[\da-f]{8}\.(css|js|svg)$/);
      const plain = await get(address);
      expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(plain.headers.get('vary')).toContain('Accept-Encoding');
      const body = await plain.text();
      for (const encoding of ['br', 'gzip']) {
        const raw = await rawBody(application.url + address, encoding);
        const decoded = encoding === 'br' ? brotliDecompressSync(raw) : gunzipSync(raw);
        expect([encoding, decoded.toString()]).toEqual([encoding, body]);
      }
    }
  });

  it('has no file without its hash, nor with another', async () => {
    for (const name of ['otp.css', 'otp.00000000.css', '..%2Fsandbox%2Fphone.css'])
      expect([name, (await get(`/otp-assets/${name}`)).status]).toEqual([name, 404]);
  });

  it('stays small: 12 kB of styles, and a first code page of 30 kB in 4 requests', async () => {
    expect(readFileSync('public/assets/otp.css').length).toBeLessThanOrEqual(12_000);
    const { text } = await application.client.html('POST', '/request-otp', { phoneNumber: freshNumber() });
    const addresses = addressesIn(text);
    const files = await Promise.all(addresses.map(async (path) => (await (await get(path)).text()).length));
    expect(addresses.length + 1).toBeLessThanOrEqual(4);
    expect(text.length + files.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(30_000);
  });
});

describe('the brand of a host', () => {
  let database: TestDatabase;
  const hosts: NestExpressApplication[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close())));
  afterAll(() => database.drop());

  async function hostWith(pages: PagesOptions): Promise<string> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, autoLoadEntities: true }),
        VerificationModule.forRoot({
          provider: new FakeVerificationProvider(),
          keys: { encryption: ring('e1'), fingerprint: ring('f1') },
          pages,
        }),
      ],
    })
    class Host {}
    const host = await nestApplication(Host);
    hosts.push(host);
    await host.listen(0, '127.0.0.1');
    return host.getUrl();
  }
  async function pageWith(brand?: BrandOptions): Promise<{ page: string; styles: string }> {
    const url = await hostWith(brand ? { brand } : {});
    const page = await (await fetch(url, { headers: { Accept: 'text/html' } })).text();
    const styles = await (await fetch(url + addressesIn(page).find((path) => path.endsWith('.css'))!)).text();
    return { page, styles };
  }

  it('is on every page by options alone', async () => {
    const { page, styles } = await pageWith({
      name: 'Öko & Söhne',
      logoUrl: '/logo.svg',
      colour: '#7a1fa2',
      radius: '0',
      font: 'Georgia, serif',
    });
    expect(page).toContain(' · Öko &amp; Söhne</title>');
    expect(page).toContain('<img src="/logo.svg" alt="">');
    expect(styles).toContain(':root{--accent:#7a1fa2;--radius:0;--font:Georgia, serif}');
    expect(styles).toMatch(/@media \(prefers-color-scheme:dark\)\{:root\{--accent:#[\da-f]{6}\}\}$/);
  });

  it('gives the style sheet another address', async () => {
    const addresses = new Set<string>();
    for (const colour of ['#7a1fa2', '#7a1fa3'])
      addresses.add(addressesIn((await pageWith({ colour })).page).find((path) => path.endsWith('.css'))!);
    expect(addresses.size).toBe(2);
  });

  it.each([
    [{}, true],
    [{ autoSubmit: false }, false],
  ])('sends codes by themselves with %j: %s', async (pages, sends) => {
    const url = await hostWith(pages);
    const body = new URLSearchParams({ phoneNumber: freshNumber() });
    const page = await (await fetch(`${url}/request-otp`, { method: 'POST', body })).text();
    expect(page).toMatch(/<input id="otpCode" [^>]* autofocus/);
    expect([page.includes('data-digits="6"'), page.includes('otpCode-hint')]).toEqual([sends, sends]);
  });

  it('is not made up where there is none', async () => {
    const { page } = await pageWith();
    expect(page).toContain('<title>Verify your phone number</title>');
    expect(page).not.toContain('class="brand"');
  });
});

/** What was sent: `fetch` decodes it. */
function rawBody(url: string, encoding: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'Accept-Encoding': encoding } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts)));
    })
      .on('error', reject)
      .end();
  });
}
