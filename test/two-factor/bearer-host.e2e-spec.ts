import { randomBytes, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { TwoFactorService } from 'nest-sms-otp';
import { DataSource } from 'typeorm';
import { TWO_FACTOR_OPTIONS } from '../../src/two-factor/two-factor.options.js';
import { createJwtHost } from '../../examples/jwt-host.js';
import { wrongCode } from '../support/application.js';
import { ExampleClient, type ExampleHost, startExample } from '../support/example-host.js';

const jwtSecret = randomBytes(32).toString('base64url');

/** Sends the newest token that it was given. */
class Bearer extends ExampleClient {
  token: string | undefined;

  constructor(host: ExampleHost, token?: string) {
    super(host, {
      headers: (): Record<string, string> => (this.token ? { Authorization: `Bearer ${this.token}` } : {}),
      learn: (_headers, { accessToken }) => (this.token = (accessToken as string | undefined) ?? this.token),
    });
    this.token = token;
  }
}

describe('examples/jwt-host.ts: two-factor sign-in with bearer tokens', () => {
  let host: ExampleHost;
  beforeAll(async () => {
    host = await startExample((options) => createJwtHost({ ...options, jwtSecret }));
  });
  afterAll(() => host.close());

  /** A user with a phone, who is signed in with both factors. */
  const enrolled = async () => {
    const user = await host.newUser();
    const client = new Bearer(host);
    await client.signsIn(user.email);
    return { ...user, client, phoneNumber: await client.enrols() };
  };
  /** The same user in another place, with the password only. */
  const halfSignedIn = async () => {
    const user = await enrolled();
    const client = new Bearer(host);
    await client.signsIn(user.email);
    return { ...user, client };
  };
  const statusWith = async (token: string, path = '/account') =>
    (await new Bearer(host, token).get(path)).status;

  it('from the password over the refused route to the second factor: a new token that works, an old one that is dead', async () => {
    const { id, email, phoneNumber } = await enrolled();
    const client = new Bearer(host);
    const anonymous = await client.get('/account');
    expect([anonymous.status, anonymous.body['code']]).toEqual([401, 'sign-in-required']);
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');

    const signedIn = await client.signsIn(email);
    expect(signedIn.body).toMatchObject({ level: 'first-factor', pending: true, amr: ['pwd'] });
    expect(signedIn.headers.get('cache-control')).toBe('no-store');
    const first = client.token!;

    const refused = await client.get('/account');
    expect([refused.status, refused.body['code']]).toEqual([403, 'second-factor-required']);
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_user_authentication", error_description="A second factor is required", acr_values="two-factor"',
    );

    const typed = await client.isChallenged(phoneNumber);
    const wrong = await client.post('/two-factor/verify', { ...typed, otpCode: wrongCode(typed.otpCode) });
    expect([wrong.status, wrong.body['attemptsRemaining'], client.token]).toEqual([422, 2, first]);
    const verified = await client.post('/two-factor/verify', typed);
    expect(verified.body).toMatchObject({ level: 'two-factor', pending: false, amr: ['pwd', 'sms', 'mfa'] });
    expect(client.token).not.toBe(first);

    const account = await client.get('/account');
    expect([account.status, account.body]).toEqual([200, { userId: id, amr: ['pwd', 'sms', 'mfa'] }]);
    expect([await statusWith(first), await statusWith(first, '/two-factor')]).toEqual([401, 401]);
  });

  it('who has no second factor is in with the password', async () => {
    const { email } = await host.newUser();
    const client = new Bearer(host);
    expect((await client.signsIn(email)).body).toMatchObject({ pending: false });
    expect((await client.get('/account')).status).toBe(200);
    expect((await client.get('/account/api-keys')).body['code']).toBe('second-factor-required');
  });

  it('a wrong password gives no token', async () => {
    const { email } = await host.newUser();
    const client = new Bearer(host);
    const refused = await client.signsIn(email, 'not the password');
    expect([refused.status, refused.body['code']]).toEqual([401, 'sign-in-failed']);
    expect((await client.signsIn('nobody@example.com')).status).toBe(401);
    expect(client.token).toBeUndefined();
  });

  it('a token that the host did not sign, or that has run out, is nobody', async () => {
    const { client } = await enrolled();
    const { exp, ...claims } = jwt.decode(client.token!) as jwt.JwtPayload;
    const [, body] = client.token!.split('.');
    const forged = [
      jwt.sign({ ...claims, exp }, 'another secret'),
      jwt.sign({ ...claims, exp }, null, { algorithm: 'none' }),
      jwt.sign({ ...claims, exp }, jwtSecret, { algorithm: 'HS512' }),
      jwt.sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 }, jwtSecret),
      `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${body}.AAAA`,
      'no token',
    ];
    for (const token of forged) expect([token, await statusWith(token)]).toEqual([token, 401]);
    expect((await client.get('/account')).status).toBe(200);
  });

  it('a factor that was shown too long ago is asked for again', async () => {
    const { client, phoneNumber } = await enrolled();
    expect((await client.get('/account/api-keys')).status).toBe(200);
    // The same token as if it had been issued then: the host's own clock is not ours to turn.
    const claims = jwt.decode(client.token!) as { authentications: { method: string }[] };
    const completedAt = new Date(Date.now() - 301_000).toISOString();
    const authentications = claims.authentications.map((each) => ({ ...each, completedAt }));
    client.token = jwt.sign({ ...claims, authentications }, jwtSecret);
    expect((await client.get('/account')).status).toBe(200);
    const refused = await client.get('/account/api-keys');
    expect([refused.status, refused.body['reason']]).toEqual([403, 'too-old']);
    expect(refused.headers.get('www-authenticate')).toContain('max_age=300');
    await client.post('/two-factor/verify', await client.isChallenged(phoneNumber));
    expect((await client.get('/account/api-keys')).status).toBe(200);
  });

  it('a payment wants a factor of its own, and the leave for it goes with the new token', async () => {
    const { client, phoneNumber } = await enrolled();
    const payment = { amount: '40.00', recipient: 'ACME' };
    const asked = await client.post('/account/payments', payment);
    expect([asked.status, asked.body['code']]).toEqual([403, 'step-up-required']);
    const { grant } = asked.body;
    const stepUp = `/two-factor/step-up/${grant}`;
    expect((await client.get(stepUp)).body['summary']).toBe('Pay 40.00 EUR to ACME');
    const before = client.token!;
    expect(
      (await client.post(`${stepUp}/verify`, await client.isChallenged(phoneNumber, stepUp))).status,
    ).toBe(200);
    expect(client.token).not.toBe(before);
    expect((await client.post('/account/payments', { ...payment, amount: '41.00', grant })).status).toBe(403);
    expect((await client.post('/account/payments', { ...payment, grant })).body).toEqual({ paid: payment });
    expect((await client.post('/account/payments', { ...payment, grant })).status).toBe(403);
  });

  it('a change of factors ends the tokens of before, elsewhere too', async () => {
    const { client, email, phoneNumber } = await enrolled();
    const elsewhere = new Bearer(host);
    await elsewhere.signsIn(email);
    await elsewhere.post('/two-factor/verify', await elsewhere.isChallenged(phoneNumber));
    const before = client.token!;
    expect((await client.post('/two-factor/recovery-codes')).status).toBe(200);
    expect((await client.get('/account')).status).toBe(200);
    expect([await statusWith(before), await statusWith(elsewhere.token!)]).toEqual([401, 401]);
  });

  it('a token ends with the trusted browser that it came in through, also after a factor was shown', async () => {
    // The example trusts no browsers. Its options are read anew for each request.
    host.app.get<{ trustBrowserDays: number | null }>(TWO_FACTOR_OPTIONS).trustBrowserDays = 30;
    const { client, id, phoneNumber } = await enrolled();
    const trustedBrowserId = randomUUID();
    const { epoch, ...claims } = jwt.decode(client.token!) as jwt.JwtPayload;
    const token = jwt.sign({ ...claims, epoch: epoch as number, trustedBrowserId }, jwtSecret);
    expect(await statusWith(token)).toBe(401);
    const database = host.app.get(DataSource);
    await database.query(
      `INSERT INTO otp_trusted_browsers (id, user_id, secret_hash, epoch, description, created_at, last_used_at, expires_at)
       VALUES ($1, $2, '', $3, 'Firefox', now(), now(), now() + interval '1 day')`,
      [trustedBrowserId, id, epoch],
    );
    expect(await statusWith(token)).toBe(200);
    const through = new Bearer(host, token);
    expect((await through.post('/two-factor/verify', await through.isChallenged(phoneNumber))).status).toBe(
      200,
    );
    expect(await statusWith(through.token!)).toBe(200);
    await database.query('DELETE FROM otp_trusted_browsers WHERE id = $1', [trustedBrowserId]);
    expect([await statusWith(through.token!), await statusWith(through.token!, '/two-factor')]).toEqual([
      401, 401,
    ]);
  });

  it('a token ends with its hours after sign-in, whatever was shown since; one that does not say when is over', async () => {
    const { client, phoneNumber } = await enrolled();
    const { signedInAt, ...claims } = jwt.decode(client.token!) as jwt.JwtPayload & { signedInAt: string };
    const hoursBefore = (hours: number) => new Date(Date.parse(signedInAt) - hours * 3_600_000).toISOString();
    // The host still takes these tokens: that they are over is for the library to see.
    const exp = Math.floor(Date.now() / 1000) + 3600;
    expect(await statusWith(jwt.sign({ ...claims, exp, signedInAt: hoursBefore(12.01) }, jwtSecret))).toBe(
      401,
    );
    expect(await statusWith(jwt.sign({ ...claims, exp }, jwtSecret))).toBe(401);
    client.token = jwt.sign({ ...claims, exp, signedInAt: hoursBefore(11) }, jwtSecret);
    await client.post('/two-factor/verify', await client.isChallenged(phoneNumber));
    const next = jwt.decode(client.token) as jwt.JwtPayload;
    expect(next['signedInAt']).toBe(hoursBefore(11));
    expect(next.exp).toBe(Math.floor((Date.parse(signedInAt) + 3_600_000) / 1000));
  });

  it('signing out everywhere ends the tokens of every place', async () => {
    const { client, email, phoneNumber } = await enrolled();
    const elsewhere = new Bearer(host);
    await elsewhere.signsIn(email);
    await elsewhere.post('/two-factor/verify', await elsewhere.isChallenged(phoneNumber));
    const { sub } = jwt.decode(client.token!) as { sub: string };
    const response = { setHeader: () => undefined } as never;
    const request = { headers: { authorization: `Bearer ${client.token}` } } as never;
    const notify = jest.spyOn(host.app.get(TwoFactorService), 'notify');
    await host.app.get(TwoFactorService).signOutEverywhere(request, response);
    expect([await statusWith(client.token!), await statusWith(elsewhere.token!)]).toEqual([401, 401]);
    expect(notify).toHaveBeenCalledWith(sub, { type: 'signed-out-everywhere' });
    notify.mockRestore();
  });

  it('ten right codes at once give one token', async () => {
    const { client, phoneNumber } = await halfSignedIn();
    const typed = await client.isChallenged(phoneNumber);
    const clients = Array.from({ length: 10 }, () => new Bearer(host, client.token));
    await Promise.all(clients.map((each) => each.post('/two-factor/verify', typed)));
    const inside = await Promise.all(clients.map(({ token }) => statusWith(token!)));
    expect(inside.filter((status) => status === 200)).toHaveLength(1);
  });

  it('a program that says nothing of what it accepts is not sent to a page', async () => {
    const { client } = await halfSignedIn();
    const refused = await client.get('/account', { Accept: '*/*' });
    expect([refused.status, refused.body['code']]).toEqual([403, 'second-factor-required']);
    client.token = 'not a token';
    expect((await client.get('/account', { Accept: '*/*' })).status).toBe(401);
  });

  it('signing out ends the token', async () => {
    const { client } = await enrolled();
    expect((await client.post('/sign-out')).status).toBe(204);
    expect((await client.get('/account')).status).toBe(401);
  });
});
