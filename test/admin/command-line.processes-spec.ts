import { runAdmin } from '../../src/commands/admin/program.js';
import { Visitor } from '../host/visitor.js';
import { startApplication, type TestApplication, wrongCode } from '../support/application.js';
import { run } from '../support/program.js';

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

describe('npm run admin', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
    Object.assign(process.env, environment());
  });
  afterAll(() => application.close());

  const environment = () => ({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATABASE_URL: application.databaseUrl,
    DATA_DIRECTORY: application.dataDirectory,
    SANDBOX_PORT: new URL(application.sandbox.url).port,
  });
  /** A process of its own, as a terminal starts it. */
  async function adminProcess(...args: string[]) {
    const program = run(process.execPath, ['dist/src/commands/admin.js', ...args], environment());
    return { code: await program.ended(60_000), output: program.output() };
  }
  /** The same in this process, because starting another one takes seconds. */
  async function admin(...args: string[]): Promise<Ran> {
    const ran: Ran = { code: 0, stdout: '', stderr: '' };
    process.exitCode = 0;
    await runAdmin(args, {
      writeOut: (text) => void (ran.stdout += text),
      writeErr: (text) => void (ran.stderr += text),
    });
    ran.code = process.exitCode;
    process.exitCode = 0;
    return ran;
  }
  const json = async (...args: string[]) =>
    JSON.parse((await admin('--json', ...args)).stdout) as Record<string, unknown>;

  it('gives an account another password, which ends its sessions', async () => {
    const person = await new Visitor(application).signsUp();
    const why = ['--reason', 'going live'];
    // First, and in processes of their own: Passport keeps one strategy per process, that of the newest application.
    expect((await adminProcess('set-password', 'nobody@example.com', ...why)).code).toBe(1);
    const asked = await adminProcess('set-password', person.email, ...why);
    expect(asked).toMatchObject({ code: 2, output: expect.stringContaining('Add --yes to do it.') });
    expect(asked.output).toContain(person.email);
    expect((await person.get('/account')).status).toBe(200);
    const set = await adminProcess('--json', 'set-password', person.email, '--yes', ...why);
    expect(set.code).toBe(0);
    const { password } = JSON.parse(set.output) as { password: string };
    expect((await person.get('/account')).status).toBe(401);
    expect((await person.signsIn()).status).toBe(401);
    person.password = password;
    expect((await person.signsIn()).status).toBe(200);
    const { rows } = await application.sql.query(
      `SELECT action, reason FROM otp_admin_audit WHERE action = 'password.set'`,
    );
    expect(rows).toEqual([{ action: 'password.set', reason: 'going live' }]);
  });

  it('says how to be used, and what is wrong with how it was', async () => {
    const help = await admin('--help');
    expect(help.code).toBe(0);
    for (const command of [
      'history',
      'show',
      'cancel',
      'block',
      'erase',
      'retention',
      'audit',
      'simulate',
      'create-token',
      'set-password',
    ])
      expect(help.stdout).toContain(command);
    expect((await admin('erase', '--help')).stdout).toContain('--dry-run');
    expect(await adminProcess('planet')).toMatchObject({ code: 2 });
    expect(await admin('cancel', 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--reason'),
    });
    expect(await admin('block', 'planet', 'Mars', '--reason', 'because')).toMatchObject({ code: 2 });
    expect(await admin('lift-lock', '--reason', 'because')).toMatchObject({ code: 2 });
  });

  it('does what the pages do: looks, acts, and is in the audit', async () => {
    const { requestId, phoneNumber, code } = await application.started();
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    const why = ['--reason', 'a test'];
    const listed = await admin('history', '--number', phoneNumber);
    expect(listed.stdout).toContain(requestId);
    expect(listed.stdout).not.toContain(phoneNumber.slice(2));
    expect((await admin('show', requestId)).stdout).toContain('mismatched');
    expect(await json('simulate', phoneNumber)).toMatchObject({ outcome: 'refused', rule: 'live-request' });
    expect(await json('lift-lock', '--number', phoneNumber, ...why)).toEqual({ lifted: true });
    expect((await admin('reveal', requestId, ...why)).stdout.trim()).toBe(phoneNumber);
    const block = await json('block', 'prefix', '+1 415 55', '--hours', '2', ...why);
    expect(block).toMatchObject({ kind: 'prefix', label: '141555' });
    expect(await json('blocks')).toMatchObject({ blocks: [{ id: block['id'] }] });
    expect((await admin('unblock', block['id'] as string, ...why)).code).toBe(0);
    expect((await admin('unblock', block['id'] as string, ...why)).code).toBe(1);
    expect(await json('cancel', requestId, ...why)).toEqual({ status: 'CANCELLED' });
    expect(await json('cancel', requestId, ...why)).toEqual({ code: 'cancelled' });
    const made = await json('create-token', 'reader', '--scope', 'history:read', 'audit:read', ...why);
    const answer = await application.client.json('GET', '/admin/audit', undefined, {
      Authorization: `Bearer ${made['token'] as string}`,
    });
    const actions = (answer.body['items'] as { action: string; actor: string }[]).map(({ action }) => action);
    expect(actions).toEqual(
      expect.arrayContaining([
        'token.created',
        'request.cancelled',
        'block.added',
        'block.lifted',
        'number.revealed',
        'lock.lifted',
      ]),
    );
    expect(answer.text).toMatch(/"cli:[^"]+"/);
    const revoke = ['revoke-token', made['id'] as string, ...why];
    expect(await admin(...revoke)).toMatchObject({ code: 2, stdout: expect.stringContaining('reader') });
    expect((await admin(...revoke, '--yes')).code).toBe(0);
    expect((await admin(...revoke, '--yes')).code).toBe(1);
    expect((await admin('audit', 'verify')).code).toBe(0);
    expect((await json('statistics', '--by', 'country'))['total']).toMatchObject({ started: 1 });
    expect((await admin('roll-up')).code).toBe(0);

    expect(await json('erase', '--number', phoneNumber, '--dry-run', ...why)).toMatchObject({
      receipt: null,
    });
    const unconfirmed = await admin('erase', '--number', phoneNumber, ...why);
    expect(unconfirmed).toMatchObject({ code: 2, stderr: 'Nothing was changed. Add --yes to do it.\n' });
    expect(unconfirmed.stdout).toMatch(/^Erasing the number \+1 ••• ••• ••\d\d empties or deletes rows:$/m);
    expect(unconfirmed.stdout).toContain('verification_requests: 1');
    expect(await json('erase', '--number', phoneNumber, '--yes', '--dry-run', ...why)).toMatchObject({
      receipt: null,
    });
    expect(await json('erase', '--number', phoneNumber, '--yes', ...why)).toMatchObject({
      receipt: expect.any(Number),
      rows: { verification_requests: 1 },
    });
    await application.sql.query(`UPDATE otp_admin_audit SET reason = 'other' WHERE number = 1`);
    expect(await admin('audit', 'verify')).toMatchObject({ code: 1, stdout: 'entry 1: altered\n' });
  }, 600_000);

  it('lists dead letters, delivers them again and discards them', async () => {
    const { requestId } = await application.started();
    await application.sql.query(
      `INSERT INTO otp_event_deliveries (request_id, number, tries, next_at, queued_at, error, dead_at)
       SELECT request_id, number, 11, now(), now(), 'http 404', now() FROM otp_verification_events WHERE request_id = $1`,
      [requestId],
    );
    const letters = (await json('dead-letters')) as unknown as { id: string; number: number }[];
    expect(letters.map(({ number }) => number).sort()).toEqual([1, 2]);
    expect((await admin('dead-letters')).stdout).toContain(`${requestId}  1 started  http 404`);
    const [one, other] = letters as [{ id: string; number: number }, { id: string; number: number }];
    const why = ['--reason', 'a test'];
    expect((await admin('discard-letter', '--id', one.id)).code).toBe(2);
    expect(await json('discard-letter', '--id', one.id, ...why)).toEqual({
      discarded: `evt_${requestId}_${one.number}`,
    });
    expect((await admin('discard-letter', '--id', one.id, ...why)).code).toBe(1);
    expect((await admin('retry-letters', '--id', 'x', ...why)).code).toBe(2);
    expect(await json('retry-letters', ...why)).toEqual({ retried: 1 });
    expect((await admin('retry-letters', '--id', other.id, ...why)).code).toBe(1);
    expect(await json('dead-letters')).toEqual([]);
    await application.sql.query('DELETE FROM otp_event_deliveries');
  });
});
