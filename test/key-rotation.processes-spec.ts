import { KeyRotator, type UnreadableRow, VerificationService } from '../src/index.js';
import { freshNumber, wrongCode } from './support/application.js';
import { twoKeyRings } from './support/two-key-rings.js';
import { run } from './support/program.js';

describe('keys can be replaced while everything runs', () => {
  const owner = { sessionId: 'the owner’s session' };

  it('what the old keys wrote is read, found and counted under the new ones', async () => {
    const { before, both, instance } = await twoKeyRings();
    const after = await instance(both);
    try {
      const [oldOne, newOne] = [before.app.get(VerificationService), after.get(VerificationService)];
      const phoneNumber = freshNumber();
      const started = await oldOne.start({ phoneNumber, caller: owner });
      if (!started.ok) throw new Error(started.code);
      const requestId = started.request.id;
      // The same live request, not a second message; and still the owner's.
      expect(await newOne.start({ phoneNumber, caller: owner })).toMatchObject({
        request: { id: requestId },
      });
      expect(await newOne.start({ phoneNumber, caller: { sessionId: 'another' } })).toMatchObject({
        code: 'phone-busy',
      });
      expect(await newOne.check({ requestId, caller: {}, code: '000000' })).toMatchObject({
        code: 'unknown-request',
      });
      const code = wrongCode(before.codeFor(phoneNumber));
      for (const service of [oldOne, newOne]) {
        expect(await service.check({ requestId, caller: owner, code })).toMatchObject({ code: 'wrong-code' });
      }
      const { rows } = await before.sql.query('SELECT wrong_codes FROM otp_number_slots');
      expect(rows).toEqual([{ wrong_codes: 2 }]);
      expect(before.sandbox.ledger(phoneNumber)).toHaveLength(1);
      expect(
        await newOne.check({ requestId, caller: owner, code: before.codeFor(phoneNumber) }),
      ).toMatchObject({ ok: true });
    } finally {
      await after.close();
      await before.close();
    }
  });

  it('npm run keys:rotate brings everything under them, says how far it is, and goes on where it was killed', async () => {
    const { before, both, onlyNew, instance } = await twoKeyRings();
    try {
      const { sql, app, codeFor } = before;
      const service = app.get(VerificationService);
      const phoneNumber = freshNumber();
      const started = await service.start({ phoneNumber, caller: owner });
      if (!started.ok) throw new Error(started.code);
      await service.check({
        requestId: started.request.id,
        caller: owner,
        code: wrongCode(codeFor(phoneNumber)),
      });
      // Many more, cheaply: copies would not open in another row, so the application itself makes them.
      for (let i = 0; i < 1200; i += 40) {
        await Promise.all(
          Array.from({ length: 40 }, () => service.start({ phoneNumber: freshNumber(), caller: {} })),
        );
      }

      const counted = run(process.execPath, ['dist/src/commands/rotate-keys.js', '--dry-run'], both);
      expect(await counted.ended()).toBe(0);
      expect(counted.output()).toContain(
        'verification_requests.phone_number: 1201 of 1201 rows would be rotated',
      );
      expect((await sql.query('SELECT FROM otp_key_rotations')).rows).toEqual([]);
      const first = run(process.execPath, ['dist/src/commands/rotate-keys.js'], both);
      await first.says(/verification_requests.phone_number: 500 of 1201 rows/);
      first.process.kill('SIGKILL');
      await first.ended();
      const { rows } = await sql.query<{ done: number }>(
        `SELECT done FROM otp_key_rotations WHERE column_name = 'verification_requests.phone_number'`,
      );
      expect(rows[0]!.done).toBeGreaterThanOrEqual(500);
      const second = run(process.execPath, ['dist/src/commands/rotate-keys.js'], both);
      expect(await second.ended()).toBe(0);
      expect(second.output()).not.toMatch(/: 500 of/);
      expect(second.output()).toContain(
        'verification_requests.phone_number: 1201 rows are under the newest keys',
      );

      const left = await sql.query(
        `SELECT 1 FROM otp_verification_requests WHERE phone_number NOT LIKE 'v1:e2:%'`,
      );
      expect(left.rows).toEqual([]);
      const after = await instance(onlyNew);
      try {
        const newest = after.get(VerificationService);
        const caller = { sessionId: 'a stranger' };
        // The number still has its live request and its count of wrong codes, now under the new fingerprint only.
        expect(await newest.start({ phoneNumber, caller })).toMatchObject({ code: 'phone-busy' });
        const guards = await sql.query('SELECT wrong_codes FROM otp_number_slots WHERE wrong_codes > 0');
        expect(guards.rows).toEqual([{ wrong_codes: 1 }]);
      } finally {
        await after.close();
      }
    } finally {
      await before.close();
    }
  });

  it('a call that died under the old fingerprint key is made by its repeat under the new one', async () => {
    const { before, both, instance } = await twoKeyRings();
    const after = await instance(both);
    try {
      await after.listen(0, '127.0.0.1');
      const urls = { before: before.url, after: await after.getUrl() };
      const [phoneNumber, other] = [freshNumber(), freshNumber()];
      const call = async (at: 'before' | 'after', number = phoneNumber) => {
        const headers = {
          Accept: 'application/json',
          'Content-Type': 'application/json',
          'Idempotency-Key': 'one-key',
        };
        const body = JSON.stringify({ phoneNumber: number });
        return (await fetch(`${urls[at]}/request-otp`, { method: 'POST', headers, body })).status;
      };
      expect(await call('before')).toBe(200);
      const dies = () =>
        before.sql.query(
          `UPDATE otp_idempotency_keys SET answer = NULL, locked_until = now() - interval '1 second'`,
        );
      await dies();
      expect(await call('after', other)).toBe(422);
      expect(await call('after')).toBe(200);
      await before.sql.query(`UPDATE otp_idempotency_keys SET created_at = now() - interval '25 hours'`);
      expect(await call('after', other)).toBe(200);
    } finally {
      await after.close();
      await before.close();
    }
  });

  it('an instance whose keys do not open what is stored is not ready and serves nobody, until it has the right ones', async () => {
    const { before, both, onlyNew, instance } = await twoKeyRings();
    const readiness = async (env: Record<string, string>) => {
      const app = await instance(env);
      try {
        await app.listen(0, '127.0.0.1');
        const url = await app.getUrl();
        // A proxy without health checks asks it all the same.
        const started = await fetch(`${url}/request-otp`, {
          method: 'POST',
          headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
          body: JSON.stringify({ phoneNumber: freshNumber() }),
        });
        const response = await fetch(`${url}/health/ready`);
        expect(started.status).toBe(response.status);
        expect(started.headers.has('retry-after')).toBe(response.status === 503);
        return response.status;
      } finally {
        await app.close();
      }
    };
    const [, older] = both.PHONE_ENCRYPTION_KEYS.split(',') as [string, string];
    const another = older.replace(/:..../, ':AAAA');
    try {
      expect(await readiness(onlyNew)).toBe(503);
      // Another key of the same name, and a fingerprint key that is missing.
      const sameName = { ...both, PHONE_ENCRYPTION_KEYS: another };
      expect(await readiness(sameName)).toBe(503);
      const [fingerprint] = both.PHONE_FINGERPRINT_KEYS.split(',') as [string, string];
      expect(await readiness({ ...both, PHONE_FINGERPRINT_KEYS: fingerprint })).toBe(503);
      expect(await readiness(both)).toBe(200);

      const rotate = run(process.execPath, ['dist/src/commands/rotate-keys.js'], both);
      expect(await rotate.ended()).toBe(0);
      expect(await readiness(onlyNew)).toBe(200);
    } finally {
      await before.close();
    }
  });

  it('a rotation that was killed, taken back and made again leaves nothing under the old keys', async () => {
    const { before, both, instance } = await twoKeyRings();
    const after = await instance(both);
    try {
      const [rotatorBack, rotator] = [before.app.get(KeyRotator), after.get(KeyRotator)];
      await before.started();
      await rotator.run();
      // As if it had been killed, and the row, which it had passed, was under the old keys again.
      await before.sql.query('UPDATE otp_key_rotations SET finished_at = NULL');
      await before.sql.query('TRUNCATE otp_verification_requests, otp_number_slots, otp_key_canaries');
      await before.started();
      await before.sql.query(
        `UPDATE otp_key_rotations SET last_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE last_id IS NOT NULL`,
      );
      await rotatorBack.run();
      await rotator.run();
      const { rows } = await before.sql.query<{ key: string }>(
        `SELECT split_part(phone_number, ':', 2) AS key FROM otp_verification_requests`,
      );
      expect(rows).toEqual([{ key: 'e2' }]);
    } finally {
      await after.close();
      await before.close();
    }
  });

  it('what a limit has counted under an older key counts under the newest', async () => {
    const { before, both, instance } = await twoKeyRings();
    const limit = { PROTECTION: 'off', RULE_MODES: 'number-limit:enforce', LIMIT_NUMBER: '1/3600' };
    const [, older] = both.PHONE_FINGERPRINT_KEYS.split(',') as [string, string];
    const former = await instance({ ...both, ...limit, PHONE_FINGERPRINT_KEYS: older });
    const present = await instance({ ...both, ...limit });
    try {
      const phoneNumber = freshNumber();
      const started = await former
        .get(VerificationService)
        .start({ phoneNumber, caller: { sessionId: 'one' } });
      if (!started.ok) throw new Error(started.code);
      await former.get(VerificationService).cancelByOperator(started.request.id);
      const again = await present
        .get(VerificationService)
        .start({ phoneNumber, caller: { sessionId: 'two' } });
      expect(again).toMatchObject({ ok: false, code: 'rate-limited' });
    } finally {
      await former.close();
      await present.close();
      await before.close();
    }
  });

  it('a row that cannot be opened is named, counted and left as it is, and stops neither run of the command', async () => {
    const { before, both } = await twoKeyRings();
    const rotate = (...args: string[]) =>
      run(process.execPath, ['dist/src/commands/rotate-keys.js', ...args], both);
    try {
      const service = before.app.get(VerificationService);
      for (let i = 0; i < 600; i += 40)
        await Promise.all(
          Array.from({ length: 40 }, () => service.start({ phoneNumber: freshNumber(), caller: {} })),
        );
      const { rows } = await before.sql.query<{ id: string }>(
        'SELECT id FROM otp_verification_requests ORDER BY id',
      );
      const [first, altered, last] = [rows[0]!.id, rows[1]!.id, rows.at(-1)!.id];
      const set = (id: string, text: string) =>
        before.sql.query(`UPDATE otp_verification_requests SET phone_number = ${text} WHERE id = $1`, [id]);
      await set(first, `replace(phone_number, 'v1:e1:', 'v1:e0:')`);
      await set(altered, `overlay(phone_number PLACING 'AAAA' FROM 20)`);
      await set(last, `'+14155550100'`);

      const dry = rotate('--dry-run');
      expect(await dry.ended()).toBe(1);
      expect(dry.output()).toContain('verification_requests.phone_number: 597 of 600 rows would be rotated');
      expect(dry.output()).toContain('3 rows cannot be opened');

      // Killed after the first batch, which has two of them.
      const killed = rotate();
      await killed.says(/verification_requests.phone_number: 500 of 600 rows/);
      killed.process.kill('SIGKILL');
      await killed.ended();
      expect(killed.output()).toContain(`row ${first} cannot be opened: encryption key "e0" is not in`);
      expect(killed.output()).toContain(`row ${altered} cannot be opened: the value was altered`);

      const resumed = rotate();
      expect(await resumed.ended()).toBe(1);
      expect(resumed.output()).toContain(
        `row ${last} cannot be opened: verification_requests.phone_number holds`,
      );
      expect(resumed.output()).toContain(
        'verification_requests.phone_number: 597 rows are under the newest keys',
      );
      expect(resumed.output()).toContain('3 rows cannot be opened and stay as they are');
      const left = await before.sql.query(
        `SELECT FROM otp_verification_requests WHERE phone_number NOT LIKE 'v1:e2:%'`,
      );
      expect(left.rowCount).toBe(3);
    } finally {
      await before.close();
    }
  });

  it('a key that is missing from the ring is named, and nothing is changed', async () => {
    const { before, onlyNew, instance } = await twoKeyRings();
    const after = await instance(onlyNew);
    try {
      const { requestId } = await before.started();
      const unreadable: UnreadableRow[] = [];
      const columns = await after.get(KeyRotator).run(undefined, (row) => void unreadable.push(row));
      expect(columns).toContainEqual(
        expect.objectContaining({ column: 'verification_requests.phone_number', done: 1, unreadable: 1 }),
      );
      const reason = 'encryption key "e1" is not in the key ring';
      expect(unreadable).toEqual([{ column: 'verification_requests.phone_number', id: requestId, reason }]);
      const { rows } = await before.sql.query(
        `SELECT 1 FROM otp_verification_requests WHERE phone_number LIKE 'v1:e1:%'`,
      );
      expect(rows).toHaveLength(1);
    } finally {
      await after.close();
      await before.close();
    }
  });
});
