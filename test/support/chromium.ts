import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { faultsOf } from '../looks/faults.js';

/** A real Chromium; `npm test` says so when there is none. */
const executablePath = process.env['CHROMIUM_PATH'];
export const inBrowser = executablePath ? describe : describe.skip;

/** @param hosts names that lead to this machine */
export const launchChromium = (hosts: string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: executablePath!,
    args: [
      '--no-sandbox',
      `--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',')}`,
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

interface Look {
  name: string;
  colorScheme?: 'dark';
  forcedColors?: 'active';
  width?: number;
}

/** Ways in which people look at a page. */
const LOOKS: readonly Look[] = [
  { name: 'light' },
  { name: 'dark', colorScheme: 'dark' },
  { name: 'forced colours', forcedColors: 'active' },
  { name: '320 px', width: 320 },
];

export const SCRIPTING = [
  ['with JavaScript', true],
  ['without JavaScript', false],
] as const;

/** Enters a code as people do: a page with a script sends it with the last digit, any other by its button. */
export async function enterCode(page: Page, code: string, label = 'Code'): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  await field.waitFor();
  const isScripted = await page.evaluate('matchMedia("(scripting: enabled)").matches');
  const digits = isScripted ? await field.getAttribute('data-digits') : null;
  // The script has run.
  if (digits) await page.getByText('as soon as you enter the last digit').first().waitFor();
  await field.fill(code);
  const isSent = digits !== null && code.replace(/[\s-]/g, '').length === Number(digits);
  if (!isSent) await page.getByRole('button', { name: 'Verify' }).first().click();
}

export interface Window {
  context: BrowserContext;
  page: Page;
  /** What the console complained about. */
  problems: string[];
}

/** A browser of somebody's own: no cookies yet. */
export async function openWindow(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext(options);
  const problems: string[] = [];
  // Of every tab.
  context.on('console', (message) => {
    // A status of 4xx is the answer that a failing form is meant to have.
    const isAnswer = /the server responded with a status of (4\d\d|503)/.test(message.text());
    if (message.type() === 'error' && !isAnswer) problems.push(message.text());
  });
  context.on('weberror', (error) => problems.push(error.error().message));
  const page = await context.newPage();
  await page.goto(url);
  return { context, page, problems };
}

/** Looks at pages as they come by, in every way people do, and remembers those with faults. */
export class Inspection {
  readonly faulty: [string, string[]][] = [];

  constructor(private readonly page: Page) {}

  async look(name: string): Promise<void> {
    const viewport = this.page.viewportSize()!;
    for (const look of LOOKS) {
      await this.page.emulateMedia({
        colorScheme: look.colorScheme ?? 'light',
        forcedColors: look.forcedColors ?? 'none',
      });
      await this.page.setViewportSize({ ...viewport, width: look.width ?? viewport.width });
      const faults = await faultsOf(this.page);
      if (faults.length > 0) this.faulty.push([`${name}, ${look.name}`, faults]);
    }
    await this.page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
    await this.page.setViewportSize(viewport);
  }
}
