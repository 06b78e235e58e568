import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import type { VerificationEvent } from '../src/index.js';
import { resolveEventDelivery } from '../src/verification/event-delivery/event-delivery.options.js';
import { WebhookClient } from '../src/verification/event-delivery/webhook-client.js';
import { administrator, program, type Program as Administrator } from './admin/administrator.js';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { createTestDatabase } from './support/database.js';
import { testEnvironment } from './support/environment.js';
import { freePort } from './support/free-port.js';
import { furtherInstances } from './support/instances.js';
import { type Program, run } from './support/program.js';
import { until } from './support/until.js';
import { startWebhookReceiver, type WebhookReceiver } from './support/webhook-receiver.js';

const secret = () => `whsec_${randomBytes(32).toString('base64')}`;
const [NEW_SECRET, OLD_SECRET] = [secret(), secret()];
/** Pauses grow while nothing gets through. */
const PATIENCE = { withinMs: 120_000 };
/** What a process leaves that is killed while it writes. */
const CUT_OFF = '{"id":"evt_';
const REASON = { reason: 'the receiver is mended' };

const numbersOf = (receiver: WebhookReceiver, requestId: string) =>
  receiver.of(requestId).map(({ message }) => message.data.number);

describe('events for other systems', () => {
  let receiver: WebhookReceiver;
  let application: TestApplication;
  let admin: Administrator;
  const directory = mkdtempSync(join(tmpdir(), 'otp-events-'));
  const file = join(directory, 'events.jsonl');
  const env = () => ({
    WEBHOOKS_URL: receiver.url,
    WEBHOOKS_SECRETS: `${NEW_SECRET},${OLD_SECRET}`,
    WEBHOOKS_PRIVATE_ADDRESSES: 'allow',
    WEBHOOKS_TIMEOUT_MS: '5000',
    WEBHOOKS_RETRY_SECONDS: '1',
  });
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
    application = await startApplication({ ...env(), EVENTS_FILE: file });
    admin = await program(application);
  });
  afterEach(() => {
    receiver.answer = (_delivery, response) => response.writeHead(204).end();
  });
  afterAll(async () => {
    await application?.close();
    await receiver?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const verified = async () => {
    const started = await application.started();
    await application.client.json('POST', '/verify-otp', {
      requestId: started.requestId,
      otpCode: started.code,
    });
    return started;
  };
  const waiting = async () => (await admin.get('/admin/dead-letters')).body['waiting'] as number;
  const letters = async () =>
    (await admin.get('/admin/dead-letters')).body['items'] as Record<string, unknown>[];
  /** What the receiver has got, each event once, however often it came. */
  const whole = (requestId: string) => new Set(numbersOf(receiver, requestId)).size === 4;

  describe('the webhook', () => {
    it('gets every event once it is over, in order, signed with the new secret and the old one', async () => {
      const { requestId, phoneNumber } = await verified();
      await until(() => whole(requestId), { what: 'four deliveries' });
      const deliveries = receiver.of(requestId);
      expect(deliveries.map(({ message }) => message.type)).toEqual([
        'verification.started',
        'verification.sent',
        'verification.check-claimed',
        'verification.matched',
      ]);
      for (const { headers, text, id, message } of deliveries) {
        expect(id).toBe(`evt_${requestId}_${message.data.number}`);
        expect(headers['content-type']).toBe('application/json');
        for (const each of [NEW_SECRET, OLD_SECRET])
          expect(new Webhook(each).verify(text, headers as Record<string, string>)).toEqual(message);
        expect(() => new Webhook(secret()).verify(text, headers as Record<string, string>)).toThrow();
        expect(() => new Webhook(NEW_SECRET).verify(`${text} `, headers as Record<string, string>)).toThrow();
        expect(text).not.toContain(phoneNumber.slice(-7));
      }
      expect(deliveries[3]!.message).toEqual({
        type: 'verification.matched',
        timestamp: expect.stringMatching(/Z$/),
        data: {
          requestId,
          number: 4,
          at: expect.stringMatching(/Z$/),
          type: 'matched',
          from: 'PENDING',
          to: 'VERIFIED',
          reason: null,
          actor: 'caller',
          providerStatus: 'matched',
          price: null,
          currency: null,
          purpose: 'phone-verification',
          userId: null,
        },
      });
      await until(async () => (await waiting()) === 0, { what: 'nothing waits' });
    });

    it('gets an event again until it confirms it; later ones of the request wait, those of others do not', async () => {
      const refused: string[] = [];
      receiver.answer = ({ message, id }, response) => {
        const isRefused = message.data.number === 1 && refused.length < 1;
        if (isRefused) refused.push(id);
        response.writeHead(isRefused ? 500 : 200).end('an answer that nobody reads');
      };
      const { requestId } = await verified();
      await until(() => whole(requestId), { what: 'all events' });
      const numbers = numbersOf(receiver, requestId);
      expect(numbers).toEqual([...numbers].sort((one, two) => one - two));
      expect(numbers.slice(0, 2)).toEqual([1, 1]);
      expect(refused).toEqual([`evt_${requestId}_1`]);

      receiver.answer = ({ message }, response) =>
        response.writeHead(message.data.requestId === stuck ? 500 : 200).end();
      const { requestId: stuck } = await application.started();
      const other = await verified();
      await until(() => whole(other.requestId), { what: 'the other request' });
      receiver.answer = (_delivery, response) => response.writeHead(200).end();
      await until(async () => (await waiting()) === 0, { what: 'nothing waits' });
      for (const { id } of (await letters()) as { id: string }[])
        await admin.post(`/admin/dead-letters/${id}/discard`, REASON);
    });

    it.each([
      ['a redirect', 'http 302', 302],
      ['an error', 'http 503', 503],
      ['no answer within the time limit', 'timeout', null],
    ])('takes %s for a refusal; then the event is a dead letter', async (_, error, status) => {
      receiver.answer = ({ message }, response) => {
        if (message.data.number !== 1) response.writeHead(204).end();
        else if (status !== null) response.writeHead(status, { Location: `${receiver.url}/elsewhere` }).end();
      };
      const { requestId } = await application.started();
      await until(async () => (await letters()).length > 0, { what: 'a dead letter', ...PATIENCE });
      const [letter] = await letters();
      const event = { eventId: `evt_${requestId}_1`, requestId, number: 1, type: 'started' };
      expect(letter).toMatchObject({ ...event, tries: 2, error });
      await until(() => numbersOf(receiver, requestId).includes(2), { what: 'the next event' });
      expect(numbersOf(receiver, requestId)).toEqual([1, 1, 2]);
      expect(receiver.paths()).toEqual(['/events']);
      await admin.post(`/admin/dead-letters/${letter!['id'] as string}/discard`, REASON);
    });

    it('of two instances gets each event from one of them', async () => {
      const others = await furtherInstances(application, 2, env());
      try {
        const requests = await Promise.all(Array.from({ length: 8 }, () => verified()));
        for (const { requestId } of requests) {
          await until(() => whole(requestId), { what: 'all events' });
          expect(numbersOf(receiver, requestId)).toEqual([1, 2, 3, 4]);
        }
      } finally {
        await others.close();
      }
    });
  });

  describe('dead letters', () => {
    const die = async () => {
      receiver.answer = (_delivery, response) => response.writeHead(401).end();
      const { requestId } = await application.started();
      await until(async () => (await letters()).length === 2, { what: 'two dead letters', ...PATIENCE });
      receiver.answer = (_delivery, response) => response.writeHead(204).end();
      return requestId;
    };
    const audit = async () =>
      ((await admin.get('/admin/audit')).body['items'] as Record<string, unknown>[]).slice(0, 2);

    it('are delivered again one by one or all, or discarded, and the audit has it', async () => {
      const requestId = await die();
      const [second, first] = (await letters()) as { id: string }[];
      const before = receiver.of(requestId).length;
      expect((await admin.post(`/admin/dead-letters/${first!.id}/retry`, REASON)).body).toEqual({
        retried: 1,
      });
      await until(() => receiver.of(requestId).length === before + 1, { what: 'the first again' });
      expect((await admin.post(`/admin/dead-letters/${second!.id}/discard`, REASON)).body).toEqual({
        discarded: `evt_${requestId}_2`,
      });
      await until(async () => (await waiting()) === 0 && (await letters()).length === 0, { what: 'none' });
      expect(await audit()).toMatchObject([
        {
          action: 'dead-letter.discarded',
          target: `evt_${requestId}_2`,
          actor: `token:${admin.id}`,
          ...REASON,
        },
        { action: 'dead-letter.retried', target: `evt_${requestId}_1`, details: { events: 1 }, ...REASON },
      ]);
      for (const path of [
        `${second!.id}/discard`,
        `${first!.id}/retry`,
        '1e3/retry',
        'x/discard',
        '9'.repeat(30) + '/retry',
      ])
        expect((await admin.post(`/admin/dead-letters/${path}`, REASON)).status).toBe(404);

      const other = await die();
      expect((await admin.post('/admin/dead-letters/retry', {})).body).toMatchObject({ status: 400 });
      expect((await admin.post('/admin/dead-letters/retry', REASON)).body).toEqual({ retried: 2 });
      expect((await admin.post('/admin/dead-letters/retry', REASON)).body).toEqual({ retried: 0 });
      await until(async () => (await waiting()) === 0 && (await letters()).length === 0, { what: 'none' });
      expect(numbersOf(receiver, other).slice(-2)).toEqual([1, 2]);
      expect((await audit())[0]).toMatchObject({
        action: 'dead-letter.retried',
        target: null,
        details: { events: 2 },
      });
    });

    it('are for administrators, and for tokens with the scope events:write', async () => {
      const reader = await program(application, 'audit:read', 'history:read');
      const writer = await program(application, 'events:write');
      expect((await reader.get('/admin/dead-letters')).status).toBe(403);
      expect((await reader.post('/admin/dead-letters/retry', REASON)).status).toBe(403);
      expect((await application.client.json('GET', '/admin/dead-letters')).status).toBe(401);
      expect((await writer.get('/admin/dead-letters')).body).toMatchObject({
        isOn: true,
        items: [],
        next: null,
      });
    });

    it('are shown on a page, which leads back to itself after an act', async () => {
      await die();
      const person = await administrator(application, 'html');
      const page = await person.get('/admin/dead-letters');
      expect(page.text).toContain('http 401');
      const [, path] = /action="([^"]+\/retry)"/.exec(page.text)!;
      const done = await person.post(path!, REASON);
      expect((await person.get(done.headers.get('location')!)).text).toContain('delivered again');
      await admin.post('/admin/dead-letters/retry', REASON);
      await until(async () => (await waiting()) === 0, { what: 'nothing waits' });
    });
  });

  describe('the file', () => {
    const lines = (of = file) =>
      (existsSync(of) ? readFileSync(of, 'utf8') : '')
        .split('\n')
        // What is behind the last line end is being written.
        .slice(0, -1)
        .filter((line) => line !== CUT_OFF)
        .map((line) => JSON.parse(line) as { id: string; type: string; data: { requestId: string } });

    it('gets a line for each event, in order, and a new file after it was moved away', async () => {
      const { requestId } = await verified();
      const own = () => lines().filter(({ data }) => data.requestId === requestId);
      await until(() => own().length >= 4, { what: 'four lines' });
      expect([...new Set(own().map(({ id, type }) => `${id} ${type}`))]).toEqual([
        `evt_${requestId}_1 verification.started`,
        `evt_${requestId}_2 verification.sent`,
        `evt_${requestId}_3 verification.check-claimed`,
        `evt_${requestId}_4 verification.matched`,
      ]);
      renameSync(file, `${file}.1`);
      const later = await application.started();
      await until(() => lines().some(({ data }) => data.requestId === later.requestId), {
        what: 'a line in a new file',
      });
      expect(readFileSync(`${file}.1`, 'utf8') + readFileSync(file, 'utf8')).not.toContain('+1415');
    });

    it('gets a line for each act of an administrator', async () => {
      const block = { kind: 'country', value: 'KP', reason: 'for a SIEM' };
      await admin.post('/admin/blocks', block);
      const { body } = await admin.get('/admin/audit');
      const [entry] = body['items'] as { number: number; at: string; actor: string; action: string }[];
      const { number, at, actor, action } = entry!;
      const own = () => lines().find(({ id }) => id === `audit_${number}`);
      await until(() => own() !== undefined, { what: 'the line' });
      expect(own()).toEqual({
        id: `audit_${number}`,
        type: `audit.${action}`,
        timestamp: at,
        data: expect.objectContaining({ number, at, actor, action, reason: 'for a SIEM' }),
      });
    });

    it('gets what it missed when the folder was gone, on lines of their own', async () => {
      const away = `${directory}.away`;
      renameSync(directory, away);
      const { requestId } = await application.started();
      await until(() => numbersOf(receiver, requestId).length === 2, { what: 'the webhook' });
      appendFileSync(join(away, 'events.jsonl'), CUT_OFF);
      renameSync(away, directory);
      await until(() => lines().filter(({ data }) => data.requestId === requestId).length >= 2, {
        what: 'the lines',
      });
    });
  });
});

describe('an instance that is killed while it delivers', () => {
  it('has delivered nothing for good: the next one delivers the same event again, then the rest in order', async () => {
    const receiver = await startWebhookReceiver();
    const database = await createTestDatabase();
    const dataDirectory = mkdtempSync(join(tmpdir(), 'otp-events-'));
    const programs: Program[] = [];
    const start = async () => {
      const port = await freePort();
      const instance = run(process.execPath, ['dist/src/main.js'], {
        ...testEnvironment({ databaseUrl: database.url, dataDirectory }),
        HOST: '127.0.0.1',
        PORT: String(port),
        SANDBOX_PORT: '0',
        WEBHOOKS_URL: receiver.url,
        WEBHOOKS_SECRETS: NEW_SECRET,
        WEBHOOKS_PRIVATE_ADDRESSES: 'allow',
        WEBHOOKS_TIMEOUT_MS: '5000',
      });
      programs.push(instance);
      await instance.says(/The application\s+http/);
      return { instance, url: `http://127.0.0.1:${port}` };
    };
    try {
      const { instance, url } = await start();
      // Delivered, but not confirmed: the process dies first.
      receiver.answer = () => instance.process.kill('SIGKILL');
      const answer = await fetch(`${url}/request-otp`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ phoneNumber: freshNumber() }),
      });
      const { requestId } = (await answer.json()) as { requestId: string };
      await instance.ended();
      expect(receiver.deliveries.map(({ id }) => id)).toEqual([`evt_${requestId}_1`]);

      receiver.answer = (_delivery, response) => response.writeHead(204).end();
      await start();
      await until(() => numbersOf(receiver, requestId).includes(2), { what: 'the rest' });
      expect(receiver.deliveries.map(({ id }) => id)).toEqual([1, 1, 2].map((n) => `evt_${requestId}_${n}`));
    } finally {
      for (const { process } of programs) process.kill('SIGKILL');
      await receiver.close();
      await database.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  });
});

describe('a webhook without WEBHOOKS_PRIVATE_ADDRESSES', () => {
  it.each([
    'https://127.0.0.1/events',
    'https://[::1]/events',
    'https://[::ffff:10.0.0.5]/events',
    'https://0x7f.1/events',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00::1]/events',
    'https://[64:ff9b::a00:5]/events',
    'https://100.64.0.1/events',
    'https://0.0.0.0/events',
    'http://example.com/events',
  ])('cannot lead to %s', (url) => {
    expect(() => resolveEventDelivery({ webhook: { url, secrets: [NEW_SECRET] } })).toThrow(
      /allowPrivateAddresses/,
    );
  });

  it('reaches no private address by a name either, which is looked up when connecting', async () => {
    const receiver = await startWebhookReceiver();
    const url = receiver.url.replace('127.0.0.1', 'localhost');
    const { webhook } = resolveEventDelivery({
      webhook: { url, secrets: [NEW_SECRET], allowPrivateAddresses: true },
    });
    const deliver = async (allowPrivateAddresses: boolean) => {
      const client = new WebhookClient({ ...webhook!, allowPrivateAddresses });
      const result = await client.deliver(EVENT);
      await client.close();
      return result;
    };
    try {
      expect(await deliver(false)).toMatchObject({ isDelivered: false, error: 'private-address' });
      expect(receiver.deliveries).toEqual([]);
      expect(await deliver(true)).toEqual({ isDelivered: true });
    } finally {
      await receiver.close();
    }
  });
});

const EVENT: VerificationEvent = {
  requestId: '01890000-0000-7000-8000-000000000000',
  number: 1,
  at: new Date(),
  type: 'started',
  from: null,
  to: 'SENDING',
  reason: null,
  actor: 'caller',
  providerStatus: null,
  price: null,
  currency: null,
  purpose: 'phone-verification',
  userId: null,
};
