import { generate } from 'otplib';
import { KeyRotator, type SignedInCaller, SmsFactor, TotpFactor } from '../../src/index.js';
import { twoKeyRings } from '../support/two-key-rings.js';
import { mustBe, Visitor } from './visitor.js';

it('phones and apps of users go under new keys with the requests', async () => {
  const { before, both, onlyNew, instance } = await twoKeyRings();
  try {
    const person = await (await new Visitor(before).signsUp()).enrols();
    const { body } = await person.post('/two-factor/authenticators');
    const otpCode = await generate({ secret: body['secret'] as string });
    mustBe(await person.post('/two-factor/authenticators/confirm', { otpCode }), 'confirming');
    const rotating = await instance(both);
    const rotated = expect.arrayContaining([
      { column: 'enrolled_phones.phone_number', done: 1, total: 1, unreadable: 0 },
      { column: 'authenticators.secret', done: 1, total: 1, unreadable: 0 },
    ]);
    expect(await rotating.get(KeyRotator).run()).toEqual(rotated);
    expect(await rotating.get(KeyRotator).run()).toEqual(rotated);
    await rotating.close();

    const { rows } = await before.sql.query<{ id: string; user_id: string }>(
      'SELECT * FROM otp_enrolled_phones',
    );
    const [{ id: phoneId, user_id: userId }] = rows as [{ id: string; user_id: string }];
    const after = await instance(onlyNew);
    try {
      const sms = after.get(SmsFactor, { strict: false });
      const { rows: epochs } = await before.sql.query<{ epoch: number }>(
        'SELECT epoch FROM otp_factor_epochs',
      );
      const caller: SignedInCaller = {
        userId,
        sid: 'a session',
        epoch: epochs[0]!.epoch,
        level: 'first-factor',
        acr: 'first-factor',
        pending: true,
        amr: ['pwd'],
        authTime: 0,
        authentications: [],
        trustedBrowserId: null,
        address: null,
        userAgent: null,
      };
      expect(await sms.challenge(caller, { phoneId, purpose: 'second-factor' })).toMatchObject({ ok: true });
      expect(before.sandbox.ledger(person.phoneNumber)).toHaveLength(2);
      await before.sql.query('UPDATE otp_authenticators SET last_step = 0');
      const totp = after.get(TotpFactor, { strict: false });
      expect(await totp.verify(caller, otpCode)).toEqual({ ok: true });
    } finally {
      await after.close();
    }
  } finally {
    await before.close();
  }
});
