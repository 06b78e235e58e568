import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import express, { type Response, Router } from 'express';
import Handlebars from 'handlebars';
import type { Ledger, LedgerEntry } from './ledger.js';
import { MAGIC_NUMBERS } from './magic-numbers.js';

const PACKAGE_ROOT = join(import.meta.dirname, '..', '..');
const SHOWN_MESSAGES = 50;

const view = (entry: LedgerEntry) => ({
  to: `+${entry.to}`,
  channel: entry.channel,
  text: entry.text,
  code: entry.code,
  sentAt: entry.sentAt,
  time: entry.sentAt.slice(11, 19),
});

/** The "phone": a page that shows messages as they arrive, by server-sent events or by reloading. */
export function phonePage(ledger: Ledger): { routes: Router; close(): void } {
  const template = Handlebars.compile(
    readFileSync(join(PACKAGE_ROOT, 'views', 'sandbox', 'phone.hbs'), 'utf8'),
  );
  const listeners = new Set<Response>();
  const event = (entry: LedgerEntry, number: number) =>
    `id: ${number}\ndata: ${JSON.stringify(view(entry))}\n\n`;
  const push = (entry: LedgerEntry, number: number) => {
    for (const response of listeners) response.write(event(entry, number));
  };
  ledger.on('message', push);

  const routes = Router();
  routes.use('/phone-assets', express.static(join(PACKAGE_ROOT, 'public', 'sandbox'), { index: false }));
  routes.get('/', (request, response) => {
    const messages = ledger.list().slice(-SHOWN_MESSAGES).reverse().map(view);
    const magic = MAGIC_NUMBERS.map(({ number, happens }) => ({ number: `+${number}`, happens }));
    response
      .type('html')
      .send(template({ messages, magic, seen: ledger.count, host: request.get('host') ?? '' }));
  });
  routes.get('/events', (request, response) => {
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 1000\n\n');
    // What arrived between the page and this connection, or while the connection was lost.
    const seen = Number(request.get('last-event-id') ?? request.query['after'] ?? ledger.count);
    for (const [entry, number] of ledger.since(seen)) response.write(event(entry, number));
    listeners.add(response);
    request.on('close', () => listeners.delete(response));
  });
  return {
    routes,
    close() {
      ledger.off('message', push);
      for (const response of listeners) response.end();
    },
  };
}
