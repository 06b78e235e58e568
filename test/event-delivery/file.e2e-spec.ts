import { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until.js';
import { type DeliveryUnderTest, deliveryUnderTest, numbersOf } from './delivery.js';

/** What a process leaves that is killed while it writes. */
const CUT_OFF = '{"id":"evt_';

describe('the file of events', () => {
  const directory = mkdtempSync(join(tmpdir(), 'otp-events-'));
  const file = join(directory, 'events.jsonl');
  let t: DeliveryUnderTest;
  beforeAll(async () => {
    t = await deliveryUnderTest({ EVENTS_FILE: file });
  });
  afterAll(async () => {
    await t?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const lines = (of = file) =>
    (existsSync(of) ? readFileSync(of, 'utf8') : '')
      .split('\n')
      // What is behind the last line end is being written.
      .slice(0, -1)
      .filter((line) => line !== CUT_OFF)
      .map((line) => JSON.parse(line) as { id: string; type: string; data: { requestId: string } });

  it('gets a line for each event, in order, and a new file after it was moved away', async () => {
    const { requestId } = await t.verified();
    const own = () => lines().filter(({ data }) => data.requestId === requestId);
    await until(() => own().length >= 4, { what: 'four lines' });
    expect([...new Set(own().map(({ id, type }) => `${id} ${type}`))]).toEqual([
      `evt_${requestId}_1 verification.started`,
      `evt_${requestId}_2 verification.sent`,
      `evt_${requestId}_3 verification.check-claimed`,
      `evt_${requestId}_4 verification.matched`,
    ]);
    renameSync(file, `${file}.1`);
    const later = await t.application.started();
    await until(() => lines().some(({ data }) => data.requestId === later.requestId), {
      what: 'a line in a new file',
    });
    expect(readFileSync(`${file}.1`, 'utf8') + readFileSync(file, 'utf8')).not.toContain('+1415');
  });

  it('gets a line for each act of an administrator', async () => {
    const block = { kind: 'country', value: 'KP', reason: 'for a SIEM' };
    await t.admin.post('/admin/blocks', block);
    const { body } = await t.admin.get('/admin/audit');
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
    const { requestId } = await t.application.started();
    await until(() => numbersOf(t.receiver, requestId).length === 2, { what: 'the webhook' });
    appendFileSync(join(away, 'events.jsonl'), CUT_OFF);
    renameSync(away, directory);
    await until(() => lines().filter(({ data }) => data.requestId === requestId).length >= 2, {
      what: 'the lines',
    });
  });
});
