import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Request, Response } from 'express';
import { WebSocket } from 'ws';
import { TwoFactorService } from '../../src/index.js';
import { Browser, ChoosingHost, HOUR_MS, Public } from '../support/choosing-host.js';

describe('what a host may choose', () => {
  let host: ChoosingHost;
  let url: string;
  const sockets: WebSocket[] = [];
  beforeAll(async () => {
    host = await ChoosingHost.create();
    url = await host.start();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await host.close();
  });

  it('its marker of public routes on our controllers too: they know who is signed in', async () => {
    const browser = new Browser(host, await host.start({ decorators: [Public()] }));
    expect((await browser.call('GET', '/two-factor/settings')).status).toBe(401);
    await browser.signsIn('marked');
    expect((await browser.call('GET', '/two-factor/settings')).status).toBe(200);
    await browser.enrols();
  });

  it('a lifetime of the cookie, which no step shortens', async () => {
    const browser = new Browser(host, url);
    await browser.signsIn('lasting');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await browser.enrols();
    expect((await browser.call('GET', '/lifetime')).body).toEqual({ originalMaxAge: HOUR_MS });
  });

  it('one factor for a page: who has not enrolled it is led to where it can be added', async () => {
    const browser = new Browser(host, url);
    await browser.signsIn('without-app');
    await browser.enrols();
    const { status, body } = await browser.call('GET', '/vault');
    expect([status, body]).toMatchObject([403, { reason: 'not-enrolled', next: '/two-factor/settings' }]);
  });

  it('no trusted browsers any more: those of before are asked for the second factor', async () => {
    const browser = new Browser(host, url);
    await browser.signsIn('trusting');
    const phoneNumber = await browser.enrols();
    await browser.signsIn('trusting');
    await browser.shows(phoneNumber, '/two-factor', { trustBrowser: 'on' });
    expect((await browser.signsIn('trusting')).body).toMatchObject({ pending: false });
    browser.url = await host.start({ trustBrowserDays: null });
    expect((await browser.signsIn('trusting')).body).toMatchObject({ pending: true });
  });

  it('fewer days of trust, which end what was given for more', async () => {
    const [browser, listing] = [new Browser(host, url), new Browser(host, url)];
    await browser.signsIn('trusting-long');
    const phoneNumber = await browser.enrols();
    await browser.signsIn('trusting-long');
    await browser.shows(phoneNumber, '/two-factor', { trustBrowser: 'on' });
    await browser.signsIn('trusting-long');
    await host.query(`UPDATE otp_trusted_browsers SET created_at = created_at - interval '2 days'
                       WHERE user_id = 'trusting-long'`);
    expect((await browser.call('GET', '/lifetime')).status).toBe(200);

    browser.url = listing.url = await host.start({ trustBrowserDays: 1 });
    expect((await browser.call('GET', '/lifetime')).status).toBe(401);
    await listing.signsIn('trusting-long');
    await listing.shows(phoneNumber);
    const { body } = await listing.call('GET', '/two-factor/settings');
    expect(body['trustedBrowsers']).toEqual([]);
    expect((await browser.signsIn('trusting-long')).body).toMatchObject({ pending: true });
  });

  it('a cookie of a trusted browser that nobody can read is none', async () => {
    const browser = new Browser(host, url);
    browser.cookies.set('__Host-trusted-browser', `${'-'.repeat(36)}.${'a'.repeat(43)}`);
    expect((await browser.signsIn('broken')).status).toBe(200);
  });

  it('a date in what is confirmed: another date has to be confirmed itself', async () => {
    const browser = new Browser(host, url);
    await browser.signsIn('dated');
    const phoneNumber = await browser.enrols();
    const { body } = await browser.call('GET', '/transfer?date=2026-01-01');
    const grant = String(body['grant']);
    const shown = await browser.shows(phoneNumber, `/two-factor/step-up/${grant}`);
    expect(shown.status).toBe(200);
    expect((await browser.call('GET', `/transfer?date=2026-12-31&grant=${grant}`)).status).toBe(403);
    expect((await browser.call('GET', `/transfer?date=2026-01-01&grant=${grant}`)).status).toBe(200);
  });

  it('the page itself to come back to: it has one grant, the newest', async () => {
    const browser = new Browser(host, url);
    await browser.signsIn('returning');
    await browser.enrols();
    const { body: first } = await browser.call('GET', '/transfer?date=2026-01-01');
    const { body } = await browser.call('GET', `/transfer?date=2026-01-01&grant=${String(first['grant'])}`);
    const back = new URL(String(body['next']), url).searchParams.get('returnTo')!;
    expect(new URL(back, url).searchParams.getAll('grant')).toEqual([body['grant']]);
  });

  it('a notifier that fails: what it tells of has happened, and is answered', async () => {
    const notify = () => Promise.reject(new Error('the mail server cannot be reached'));
    const browser = new Browser(host, await host.start({ notifier: { notify } }));
    await browser.signsIn('unnotified');
    await browser.enrols();
    const { status, body } = await browser.call('POST', '/two-factor/recovery-codes', {});
    expect([status, body['recoveryCodes']]).toEqual([200, expect.any(Array)]);
    await browser.signsIn('unnotified');
    const [otpCode] = body['recoveryCodes'] as string[];
    expect((await browser.call('POST', '/two-factor/code', { factor: 'recovery', otpCode })).status).toBe(
      200,
    );
  });

  it('a sign-in page with a query, which keeps its parameters', async () => {
    const browser = new Browser(host, await host.start({ signInPath: '/sign-in?by=password' }));
    const { body } = await browser.call('GET', '/lifetime');
    expect(body['next'] ?? body).toBe('/sign-in?by=password&returnTo=%2Flifetime');
  });

  it('a session of express-session that is ended while its code is checked stays ended', async () => {
    const browser = new Browser(host, url);
    await browser.signsIn('leaving');
    const phoneNumber = await browser.enrols();
    await browser.signsIn('leaving');
    const tab = new Browser(host, url);
    for (const [name, value] of browser.cookies) tab.cookies.set(name, value);
    const check = host.provider.check.bind(host.provider);
    jest.spyOn(host.provider, 'check').mockImplementationOnce(async (...code) => {
      expect((await tab.call('POST', '/two-factor/sign-out', {})).status).toBe(204);
      return check(...code);
    });
    expect((await browser.shows(phoneNumber)).status).toBe(401);
    expect((await browser.call('GET', '/lifetime')).status).toBe(401);
  });

  it('ids that are numbers', async () => {
    const browser = new Browser(host, url);
    expect((await browser.call('POST', '/sign-in?user=17&number=yes')).status).toBe(200);
    const phoneNumber = await browser.enrols();
    await browser.call('POST', '/sign-in?user=17&number=yes');
    expect((await browser.shows(phoneNumber)).status).toBe(200);
    expect((await browser.call('POST', '/two-factor/authenticators', {})).status).toBe(200);
  });

  it('a name of the first factor, but not that of a second one: nobody would be signed in', async () => {
    const browser = new Browser(host, url);
    expect((await browser.call('POST', '/sign-in?user=named&method=email')).body).toMatchObject({
      level: 'first-factor',
    });
    await expect(
      host.started[0]!.get(TwoFactorService).signIn({} as Request, {} as Response, 'named', {
        method: 'passkey',
      }),
    ).rejects.toThrow("'passkey' names a second factor");
  });

  it('a socket that was opened in a session of express-session: it is refused once that session has ended', async () => {
    const upgraded: Server = host.started[0]!.getHttpServer();
    upgraded.prependListener('upgrade', (request) => {
      void host.sessions(request as Request, {} as Response, () => undefined);
    });
    const browser = new Browser(host, url);
    await browser.signsIn('connected');
    const socket = new WebSocket(url.replace('http', 'ws'), { headers: { Cookie: browser.cookie } });
    sockets.push(socket);
    await once(socket, 'open');
    const send = async () => {
      const answer = once(socket, 'message');
      socket.send(JSON.stringify({ event: 'closed', data: {} }));
      const [data] = (await answer) as [Buffer];
      return (JSON.parse(data.toString()) as { event: string }).event;
    };
    expect(await send()).toBe('closed');
    await browser.call('POST', '/sign-out');
    expect(await send()).toBe('exception');
  });
});
