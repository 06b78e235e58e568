import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type Response, Router } from 'express';
import Handlebars from 'handlebars';
import { FAULT_KINDS } from './faults.js';
import type { Ledger, LedgerEntry } from './ledger.js';
import { MAGIC_NUMBER_GROUPS } from './magic-numbers.js';
import type { RequestBook } from './request-book.js';

/** Found by the package's own name, because this file runs from `src` and from `dist`. */
const PACKAGE_ROOT = dirname(createRequire(import.meta.url).resolve('nest-sms-otp/package.json'));

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const MAX_SHOWN = 50;
const HEARTBEAT_EVERY_MS = 15_000;
/** How often due steps and expiries happen while the page is open. */
const SETTLE_EVERY_MS = 1000;

/** The "phone": a page with the last messages, and an event stream of the new ones. */
export class PhonePage {
  private readonly streams = new Set<Response>();
  private readonly page = Handlebars.compile(
    readFileSync(join(PACKAGE_ROOT, 'views', 'sandbox', 'phone.hbs'), 'utf8'),
    { strict: true, knownHelpersOnly: true },
  );
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly ledger: Ledger,
    private readonly requests: RequestBook,
  ) {
    requests.on('message', (entry) => this.push(messageEvent(ledger.count, entry)));
  }

  routes(): Router {
    const router = Router();
    router.get('/', (request, response) => {
      this.requests.settleAll();
      response.set({
        'Content-Security-Policy': CONTENT_SECURITY_POLICY,
        'Referrer-Policy': 'no-referrer',
      });
      response.type('html').send(this.render(`${request.protocol}://${request.get('host') ?? 'localhost'}`));
    });
    router.get('/events', (request, response) => {
      const seen = Number(request.get('last-event-id') ?? request.query['after'] ?? this.ledger.count);
      // A number that does not exist yet is from before a restart, so the page has seen none of the messages.
      this.openStream(response, seen >= 0 && seen <= this.ledger.count ? seen : 0);
    });
    router.use(
      '/sandbox',
      express.static(join(PACKAGE_ROOT, 'public', 'sandbox'), { index: false, cacheControl: false }),
    );
    router.get('/favicon.ico', (_request, response) => response.redirect(301, '/sandbox/favicon.svg'));
    return router;
  }

  /** Empties every open page. */
  clear(): void {
    this.push('event: reset\ndata: {}\n\n');
  }

  close(): void {
    for (const response of this.streams) response.end();
    this.stopTimers();
  }

  private render(origin: string): string {
    const messages = this.ledger.latest(MAX_SHOWN).map(shownMessage);
    return this.page({
      origin,
      messages,
      seen: this.ledger.count,
      hasMessages: messages.length > 0,
      shownLimit: MAX_SHOWN,
      groups: MAGIC_NUMBER_GROUPS.map(({ name, numbers }) => ({
        name,
        numbers: numbers.map(({ number, happens }) => ({ number: spaced(number), happens })),
      })),
      faultKinds: Object.entries(FAULT_KINDS).map(([kind, happens]) => ({ kind, happens })),
    });
  }

  /** @param seen the number of the last message that the page has: the stream begins after it */
  private openStream(response: Response, seen: number): void {
    response.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.write('retry: 1000\n\n');
    for (const { number, entry } of this.ledger.since(seen)) response.write(messageEvent(number, entry));
    this.streams.add(response);
    if (this.streams.size === 1) this.startTimers();
    response.on('close', () => {
      this.streams.delete(response);
      if (this.streams.size === 0) this.stopTimers();
    });
  }

  private push(event: string): void {
    for (const response of this.streams) response.write(event);
  }

  private startTimers(): void {
    this.timers = [
      setInterval(() => this.push(':\n\n'), HEARTBEAT_EVERY_MS).unref(),
      setInterval(() => this.requests.settleAll(), SETTLE_EVERY_MS).unref(),
    ];
  }

  private stopTimers(): void {
    this.timers.forEach(clearInterval);
    this.timers = [];
  }
}

const messageEvent = (number: number, entry: LedgerEntry): string =>
  `id: ${number}\ndata: ${JSON.stringify(shownMessage(entry))}\n\n`;

const CHANNEL_NAMES: Record<string, string> = {
  sms: 'SMS',
  voice: 'Voice call',
  whatsapp: 'WhatsApp',
  rcs: 'RCS',
  email: 'E-mail',
};

/** A message as the page shows it. The page's script makes the same markup from the same fields. */
function shownMessage({ to, channel, text, code, sentAt, api, price }: LedgerEntry) {
  return {
    to: to.includes('@') ? to : spaced(to),
    channel: CHANNEL_NAMES[channel] ?? channel,
    text,
    code,
    sentAt,
    time: sentAt.slice(11, 19),
    api,
    price,
  };
}

/** `+1 415 555 0101`; other countries' digits stay together. */
function spaced(digits: string): string {
  return `+${digits}`.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '+1 $1 $2 $3');
}
