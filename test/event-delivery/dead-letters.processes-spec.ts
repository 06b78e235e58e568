import { administrator, program } from '../admin/administrator.js';
import { until } from '../support/until.js';
import { type DeliveryUnderTest, deliveryUnderTest, numbersOf, PATIENCE, REASON } from './delivery.js';

describe('dead letters', () => {
  let t: DeliveryUnderTest;
  beforeAll(async () => {
    t = await deliveryUnderTest();
  });
  afterEach(() => t.mend());
  afterAll(() => t?.close());

  const die = async () => {
    t.receiver.answer = (_delivery, response) => response.writeHead(401).end();
    const { requestId } = await t.application.started();
    await until(async () => (await t.letters()).length === 2, { what: 'two dead letters', ...PATIENCE });
    t.mend();
    return requestId;
  };
  const audit = async () =>
    ((await t.admin.get('/admin/audit')).body['items'] as Record<string, unknown>[]).slice(0, 2);

  it('are delivered again one by one or all, or discarded, and the audit has it', async () => {
    const requestId = await die();
    const [second, first] = (await t.letters()) as { id: string }[];
    const before = t.receiver.of(requestId).length;
    expect((await t.admin.post(`/admin/dead-letters/${first!.id}/retry`, REASON)).body).toEqual({
      retried: 1,
    });
    await until(() => t.receiver.of(requestId).length === before + 1, { what: 'the first again' });
    expect((await t.admin.post(`/admin/dead-letters/${second!.id}/discard`, REASON)).body).toEqual({
      discarded: `evt_${requestId}_2`,
    });
    await until(async () => (await t.waiting()) === 0 && (await t.letters()).length === 0, { what: 'none' });
    expect(await audit()).toMatchObject([
      {
        action: 'dead-letter.discarded',
        target: `evt_${requestId}_2`,
        actor: `token:${t.admin.id}`,
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
      expect((await t.admin.post(`/admin/dead-letters/${path}`, REASON)).status).toBe(404);

    const other = await die();
    expect((await t.admin.post('/admin/dead-letters/retry', {})).body).toMatchObject({ status: 400 });
    expect((await t.admin.post('/admin/dead-letters/retry', REASON)).body).toEqual({ retried: 2 });
    expect((await t.admin.post('/admin/dead-letters/retry', REASON)).body).toEqual({ retried: 0 });
    await until(async () => (await t.waiting()) === 0 && (await t.letters()).length === 0, { what: 'none' });
    expect(numbersOf(t.receiver, other).slice(-2)).toEqual([1, 2]);
    expect((await audit())[0]).toMatchObject({
      action: 'dead-letter.retried',
      target: null,
      details: { events: 2 },
    });
  });

  it('are for administrators, and for tokens with the scope events:write', async () => {
    const reader = await program(t.application, 'audit:read', 'history:read');
    const writer = await program(t.application, 'events:write');
    expect((await reader.get('/admin/dead-letters')).status).toBe(403);
    expect((await reader.post('/admin/dead-letters/retry', REASON)).status).toBe(403);
    expect((await t.application.client.json('GET', '/admin/dead-letters')).status).toBe(401);
    expect((await writer.get('/admin/dead-letters')).body).toMatchObject({
      isOn: true,
      items: [],
      next: null,
    });
  });

  it('are shown on a page, which leads back to itself after an act', async () => {
    await die();
    const person = await administrator(t.application, 'html');
    const page = await person.get('/admin/dead-letters');
    expect(page.text).toContain('http 401');
    const [, path] = /action="([^"]+\/retry)"/.exec(page.text)!;
    const done = await person.post(path!, REASON);
    expect((await person.get(done.headers.get('location')!)).text).toContain('delivered again');
    await t.admin.post('/admin/dead-letters/retry', REASON);
    await until(async () => (await t.waiting()) === 0, { what: 'nothing waits' });
  });
});
