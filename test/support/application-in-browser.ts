import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startApplication, type TestApplication } from './application.js';
import { launchChromium, openWindow, type Window } from './chromium.js';

/** An application, a Chromium, and one window after the other. */
export class ApplicationInBrowser {
  application!: TestApplication;
  private browser?: Browser;
  private window?: Window;

  /** @param environment of the application @param hosts names that lead to this machine */
  constructor(
    private readonly environment: Record<string, string> = { RESEND_COOLDOWN_SECONDS: '0' },
    private readonly hosts: string[] = [],
  ) {}

  async start(): Promise<TestApplication> {
    this.application = await startApplication(this.environment);
    this.browser = await launchChromium(this.hosts);
    return this.application;
  }

  async stop(): Promise<void> {
    await this.browser?.close();
    await this.application?.close();
  }

  /** Opens a window without cookies. @param url the phone form by default */
  async open(options: BrowserContextOptions = {}, url = this.application.url): Promise<Page> {
    this.window = await openWindow(this.browser!, url, options);
    return this.window.page;
  }

  /** What the console of the window complained about. */
  get problems(): string[] {
    return this.window?.problems ?? [];
  }

  async closeWindow(): Promise<void> {
    await this.window?.context.close();
  }
}
