import { freshNumber, startApplication, type TestApplication, wrongCode } from '../support/application.js';
import { Visitor } from '../host/visitor.js';
import { program, type Program } from './administrator.js';

const REASON = { reason: 'a customer called' };

describe('an administrator', () => {
  let application: TestApplication;
  let admin: Program;
  beforeAll(async () => {
    application = await startApplication({ WRONG_CODES_BEFORE_WAIT: '2' });
    admin = await program(application);
  });
  afterAll(() => application.close());

  const audit = async () =>
    (await admin.get('/admin/audit')).body['items'] as {
      action: string;
      target: string | null;
      actor: string;
      reason: string;
    }[];

  it('ends a live request, whoever began it: its code is worth nothing, its number is free', async () => {
    const { requestId, phoneNumber, code } = await application.started();
    await application.advanceProvider(31);
    const { body } = await admin.post(`/admin/verifications/${requestId}/cancel`, REASON);
    expect(body).toMatchObject({ status: 'CANCELLED', requestId });
    const check = await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect(check.body).toMatchObject({ code: 'cancelled' });
    expect((await application.client.json('POST', '/request-otp', { phoneNumber })).status).toBe(200);
    const { rows } = await application.sql.query(
      `SELECT actor, reason FROM otp_verification_events WHERE request_id = $1 AND type = 'cancelled'`,
      [requestId],
    );
    expect(rows).toEqual([{ actor: 'operator', reason: 'cancelled-by-operator' }]);
    expect((await audit())[0]).toMatchObject({
      action: 'request.cancelled',
      target: requestId,
      actor: `token:${admin.id}`,
      ...REASON,
    });
    expect((await admin.post(`/admin/verifications/${requestId}/cancel`, REASON)).body['code']).toBe(
      'cancelled',
    );
    const unknown = await admin.post(
      '/admin/verifications/01890000-0000-7000-8000-000000000000/cancel',
      REASON,
    );
    expect(unknown.body['code']).toBe('unknown-request');
    expect((await admin.post('/admin/verifications/nonsense/cancel', REASON)).status).toBe(404);
  });

  it('does nothing without a reason', async () => {
    const { requestId } = await application.started();
    for (const body of [
      {},
      { reason: '' },
      { reason: '  x ' },
      { reason: 'x'.repeat(501) },
      { reason: ['a'] },
    ]) {
      const answer = await admin.post(`/admin/verifications/${requestId}/cancel`, body);
      expect(answer.body).toMatchObject({ status: 400, errors: [{ field: 'reason' }] });
    }
    const { body } = await application.client.json('GET', `/verifications/${requestId}`);
    expect(body['status']).toBe('PENDING');
  });

  it('lifts the waits and locks of a number and of a user', async () => {
    const { requestId, phoneNumber, code } = await application.started();
    for (let i = 0; i < 2; i += 1)
      await application.client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    const wait = await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect(wait.status).toBe(429);
    const spelled = `00${phoneNumber.slice(1)}`;
    expect((await admin.post('/admin/locks/lift', { phoneNumber: spelled, ...REASON })).body).toEqual({
      lifted: true,
    });
    expect((await admin.post('/admin/locks/lift', { phoneNumber, ...REASON })).body).toEqual({
      lifted: false,
    });
    const right = await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect(right.status).toBe(200);
    await application.sql.query(
      `INSERT INTO otp_user_wrong_codes (user_id, confirmed, wrong_codes, locked_at) VALUES ('anna', true, 20, now())`,
    );
    await application.sql.query(
      `INSERT INTO otp_factor_attempts (user_id, method, wrong_codes) VALUES ('ben', 'totp', 7)`,
    );
    for (const userId of ['anna', 'ben'])
      expect((await admin.post('/admin/locks/lift', { userId, ...REASON })).body).toEqual({ lifted: true });
    expect((await admin.post('/admin/locks/lift', REASON)).status).toBe(400);
    expect(JSON.stringify(await audit())).not.toContain(phoneNumber.slice(2));
  });

  it('blocks again what a shorter block is about, and the longer one counts when the shorter has lapsed', async () => {
    const phoneNumber = freshNumber();
    const block = (kind: string, value: string, hours: string) =>
      admin.post('/admin/blocks', { kind, value, hours, ...REASON });
    for (const hours of ['1', '', '2'])
      for (const [kind, value] of [
        ['number', phoneNumber],
        ['country', 'FR'],
      ] as const)
        expect((await block(kind, value, hours)).status).toBe(200);
    await application.sql.query(
      `UPDATE otp_block_entries SET expires_at = now() - interval '1 minute' WHERE expires_at IS NOT NULL;
       INSERT INTO otp_block_entries (id, kind, value, label, reason, author, created_at)
       VALUES (gen_random_uuid(), 'prefix', '999999', '999999', 'makes the lists be read again', 'cli:test', now())`,
    );
    await new Promise((resolve) => setTimeout(resolve, 1100));
    for (const to of [phoneNumber, '+33612345678']) {
      const refused = await application.client.json('POST', '/request-otp', { phoneNumber: to });
      expect(refused.body['code']).toBe('destination-not-allowed');
    }
    await application.sql.query('DELETE FROM otp_block_entries');
  });

  it('blocks and unblocks, in any spelling, and what is blocked gets no message', async () => {
    const phoneNumber = freshNumber();
    const block = (kind: string, value: string, more: object = {}) =>
      admin.post('/admin/blocks', { kind, value, ...REASON, ...more });
    const { body } = await block('number', `00${phoneNumber.slice(1)}`, { hours: '' });
    expect(body).toMatchObject({ kind: 'number', label: expect.stringContaining('•'), expiresAt: null });
    const start = () => application.client.json('POST', '/request-otp', { phoneNumber });
    expect((await start()).body).toMatchObject({ status: 403, code: 'destination-not-allowed' });
    expect((await admin.get('/admin/blocks')).body['blocks']).toHaveLength(1);
    expect((await admin.post(`/admin/blocks/${body['id'] as string}/lift`, REASON)).status).toBe(200);
    expect((await admin.post(`/admin/blocks/${body['id'] as string}/lift`, REASON)).status).toBe(404);
    expect((await start()).status).toBe(200);

    for (const [kind, value] of [
      ['number', '12'],
      ['prefix', '1415'],
      ['country', 'XX'],
      ['address', '300.1.1.1'],
    ])
      expect((await block(kind!, value!)).body).toMatchObject({ status: 400, errors: [{ field: 'value' }] });
    expect((await block('planet', 'Mars')).body).toMatchObject({ errors: [{ field: 'kind' }] });
    for (const hours of [0, -1, 'x', 1e9])
      expect((await block('country', 'FR', { hours })).body).toMatchObject({ errors: [{ field: 'hours' }] });
    expect((await audit()).slice(0, 2).map(({ action }) => action)).toEqual(['block.lifted', 'block.added']);
  });

  it('lets a destination go on that has stopped by itself', async () => {
    await application.sql.query(
      `INSERT INTO otp_destination_stops VALUES ('country', '\\x01', 'FR', 40, 1, now(), now() + interval '1 day')`,
    );
    expect((await admin.get('/admin/blocks')).body['stops']).toMatchObject([
      { label: 'FR', started: 40, verified: 1 },
    ]);
    const lift = () => admin.post('/admin/stops/lift', { scope: 'country', label: 'FR', ...REASON });
    expect((await lift()).status).toBe(200);
    expect((await lift()).status).toBe(404);
  });

  it('takes all second factors from a user, whose sessions end', async () => {
    const person = await (await new Visitor(application).signsUp()).enrols();
    const { rows } = await application.sql.query<{ id: string }>(
      'SELECT id FROM host_users WHERE email = $1',
      [person.email],
    );
    expect((await person.get('/account')).status).toBe(200);
    const reset = await admin.post('/admin/users/reset-factors', { userId: rows[0]!.id, ...REASON });
    expect(reset.body).toEqual({ removed: 1 });
    expect((await person.get('/account')).status).toBe(401);
    await person.signsIn();
    expect((await person.get('/account')).status).toBe(200);
    expect((await audit())[0]).toMatchObject({ action: 'factors.reset', target: `user ${rows[0]!.id}` });
  });

  it('sees a whole number only by asking for it, and the audit says so', async () => {
    const { requestId, phoneNumber } = await application.started();
    const revealed = await admin.post(`/admin/verifications/${requestId}/reveal`, REASON);
    expect(revealed.body).toEqual({ requestId, phoneNumber });
    expect(revealed.headers.get('cache-control')).toBe('no-store');
    const [entry] = await audit();
    expect(entry).toMatchObject({ action: 'number.revealed', target: requestId });
    expect(JSON.stringify(entry)).not.toContain(phoneNumber.slice(2));
    // Nothing is shown that cannot be written down.
    await application.sql.query('ALTER TABLE otp_admin_audit RENAME TO away');
    try {
      const answer = await admin.post(`/admin/verifications/${requestId}/reveal`, REASON);
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(answer.text).not.toContain(phoneNumber.slice(2));
    } finally {
      await application.sql.query('ALTER TABLE away RENAME TO otp_admin_audit');
    }
  });
});
