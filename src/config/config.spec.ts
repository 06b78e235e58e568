import { statSync } from 'node:fs';
import { join } from 'node:path';
import { keyRing, onNewMachine } from '../../test/support/new-machine.js';

describe('loadConfig', () => {
  const { load, problemsOf, directory } = onNewMachine();

  it('needs nothing: a machine without any setting gets the sandbox and keys of its own', () => {
    expect(load({})).toMatchObject({
      PORT: 3000,
      sandbox: true,
      production: false,
    });
    expect(statSync(join(directory(), 'keys.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory(), 'session-keys.json')).mode & 0o777).toBe(0o600);
    const { keys } = load({});
    expect(load({}).keys).toEqual(keys);
    // A leaked ring opens one thing only.
    const secrets = Object.values(keys).map(([{ secret }]) => secret.toString('hex'));
    expect(new Set(secrets).size).toBe(3);
  });

  it('serves the API’s description unless it is production, or as it is told', () => {
    const production = {
      NODE_ENV: 'production',
      VONAGE_API_KEY: 'k',
      VONAGE_API_SECRET: 's',
      ALLOWED_COUNTRIES: 'US',
      PHONE_ENCRYPTION_KEYS: keyRing('e1'),
      PHONE_FINGERPRINT_KEYS: keyRing('f1'),
      SESSION_KEYS: keyRing('s1'),
      EMBEDDED_DATABASE: 'allow',
    };
    expect([load({}).apiDocs, load({ API_DOCS: 'off' }).apiDocs]).toEqual([true, false]);
    expect([load(production).apiDocs, load({ ...production, API_DOCS: 'on' }).apiDocs]).toEqual([
      false,
      true,
    ]);
  });

  it('takes a variable that is set but empty for absent', () => {
    expect(load({ PORT: '', VONAGE_API_KEY: ' ', VONAGE_API_SECRET: '' })).toMatchObject({
      PORT: 3000,
      sandbox: true,
    });
  });

  it('reports every wrong variable at once, by name and without its value', () => {
    const problems = problemsOf({
      PORT: '70000',
      DATABASE_URL: 'mysql://secretpassword@x',
      DATABASE_SCHEMA: 'otp, public',
      VONAGE_BRAND_NAME: 'a brand name that is far too long',
      THROTTLE_NUMBER: 'many',
      TRUST_PROXY: 'everyone',
      PHONE_ENCRYPTION_KEYS: 'k1:short',
      VONAGE_API_SECRET: 'only the secret',
    });
    const names = problems.map((problem) => problem.split(' ')[0]);
    expect(names.sort()).toEqual([
      'DATABASE_SCHEMA',
      'DATABASE_URL',
      'PHONE_ENCRYPTION_KEYS',
      'PORT',
      'THROTTLE_NUMBER',
      'TRUST_PROXY',
      'VONAGE_API_KEY',
      'VONAGE_BRAND_NAME',
    ]);
    expect(problems.join()).not.toMatch(/secretpassword|only the secret|short/);
  });

  it.each([
    ['20/60', { limit: 20, windowSeconds: 60 }],
    ['0', { limit: 0, windowSeconds: 60 }],
    ['off', null],
    ['OFF', null],
  ])('a limit of %s means what it says', (text, expected) => {
    expect(load({ THROTTLE_ADDRESS: text }).THROTTLE_ADDRESS).toEqual(expected);
  });

  it.each(['5/2073601', '5/2592000', '5/0', '5', 'x/60'])(
    'a throttle of %s, which a timer could not keep, is refused',
    (text) => {
      expect(problemsOf({ THROTTLE_ADDRESS: text })).toEqual([
        expect.stringContaining('THROTTLE_ADDRESS must be "<count>/<seconds>"'),
      ]);
    },
  );

  it('a wait and a number of messages can be off too', () => {
    expect(load({ RESEND_COOLDOWN_SECONDS: 'off', MAX_SENDS: 'off' })).toMatchObject({
      RESEND_COOLDOWN_SECONDS: 0,
      MAX_SENDS: 1000,
    });
  });

  it('reads countries, proxies and numbers', () => {
    expect(
      load({ ALLOWED_COUNTRIES: 'us, GB', TRUST_PROXY: 'loopback,10.0.0.0/8', RESEND_COOLDOWN_SECONDS: '0' }),
    ).toMatchObject({
      ALLOWED_COUNTRIES: ['US', 'GB'],
      TRUST_PROXY: ['loopback', '10.0.0.0/8'],
      RESEND_COOLDOWN_SECONDS: 0,
    });
    expect(load({ TRUST_PROXY: '2' }).TRUST_PROXY).toBe(2);
  });

  it.each(['999.1.1.1', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/8/8', '::1/129', 'Loopback', '*', '10.0.0'])(
    'refuses the proxy %s, which Express would not start with',
    (text) => expect(problemsOf({ TRUST_PROXY: text })[0]).toContain('TRUST_PROXY must be "off", the number'),
  );

  it.each([
    ['VONAGE_BRAND_NAME', '"MyApp"'],
    ['EVENTS_FILE', "'events.jsonl'"],
    ['DATA_DIRECTORY', '".data"'],
  ])('refuses quotes around %s, which docker --env-file keeps', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([
      `${name} must be written without quotes: whatever set it has kept them`,
    ]);
  });

  it('takes spaces and line ends around a value for no part of it', () => {
    expect(load({ PROTECTION: 'record\r', LOG_LEVEL: ' warn ', DEFAULT_COUNTRY: ' US\n' })).toMatchObject({
      LOG_LEVEL: 'warn',
      options: { protection: { mode: 'record' } },
    });
  });

  it.each([
    ['PUBLIC_URL', { PUBLIC_URL: 'https://user:hunter2@example.com' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://example.com/?a=b' }],
    ['MAIL_FROM', { SMTP_URL: 'smtp://localhost', MAIL_FROM: 'otp' }],
    ['MAIL_FROM', { SMTP_URL: 'smtp://localhost', MAIL_FROM: 'otp@example.com # ours' }],
    ['METRICS_PORT', { METRICS_PORT: '3000' }],
    ['METRICS_PORT', { METRICS_PORT: '09', PORT: '9' }],
  ])('refuses a %s that would fail in use: %j', (name, env) => {
    const problems = problemsOf(env);
    expect(problems).toEqual([expect.stringContaining(`${name} must be`)]);
    expect(problems[0]).not.toContain('hunter2');
  });

  it.each(['otp@example.com', 'ACME <otp@example.com>', '"ACME, Inc." <otp@example.com>'])(
    'has the sender %s',
    (from) => expect(load({ SMTP_URL: 'smtp://localhost', MAIL_FROM: from }).MAIL_FROM).toBe(from),
  );

  it.each([
    ['1', 1],
    ['720', 720],
  ])('a session may last %s hours', (text, hours) => {
    expect(load({ SESSION_LIFETIME_HOURS: text }).SESSION_LIFETIME_HOURS).toBe(hours);
  });

  it.each(['0', '721', 'off'])('a session may not last %s hours', (text) => {
    expect(problemsOf({ SESSION_LIFETIME_HOURS: text })).toEqual([
      'SESSION_LIFETIME_HOURS must be a whole number from 1 to 720: hours',
    ]);
  });

  it.each(['XX', 'US,UK', 'US,', ','])('has no countries %s, which do not exist', (text) => {
    const problems = problemsOf({ ALLOWED_COUNTRIES: text });
    if (text === 'US,') return expect(problems).toEqual([]);
    expect(problems).toEqual([expect.stringContaining('ALLOWED_COUNTRIES must be two-letter country codes')]);
    if (text === 'US,UK') expect(problems[0]).toContain('UK: no country with phone numbers');
  });

  it('has no default country and no price for one that does not exist', () => {
    expect(problemsOf({ DEFAULT_COUNTRY: 'XX', MESSAGE_PRICES: 'XX:0.1' })).toHaveLength(2);
    expect(problemsOf({ DEFAULT_COUNTRY: 'de', MESSAGE_PRICES: '*:0.1,DE:0.2' })).toEqual([]);
  });

  it('reads a database of several servers, and says what is wrong with one without its password', () => {
    const cluster = 'postgres://otp:secretpassword@one:5432,two:5433/otp?target_session_attrs=read-write';
    expect(load({ DATABASE_URL: cluster }).DATABASE_URL).toBe(cluster);
    for (const wrong of [
      'postgres://otp:secretpassword@one:5432,two:port/otp',
      'postgres://otp:secretpassword@one,two/otp?target_session_attrs=standby',
      'postgres://otp:secretpassword@one/otp?sslmode=verify',
      'postgres://otp:secretpassword@one:port/otp',
    ]) {
      const problems = problemsOf({ DATABASE_URL: wrong });
      expect(problems).toEqual([expect.stringMatching(/^DATABASE_URL must be/)]);
      expect(problems.join()).not.toContain('secretpassword');
    }
  });

  it('names the nearest variable to one that nothing reads, and leaves those of others alone', () => {
    const { warnings } = load({
      ALOWED_COUNTRIES: 'US',
      LIMT_COUNTRY_PER_DAY: '10',
      VONAGE_SECRET: 'secret',
      NODE_OPTIONS: '',
      SESSION_MANAGER: 'local',
      HOSTNAME: 'x',
      PATH: '/bin',
      npm_config_cache: 'x',
      LOGNAME: 'me',
    });
    expect(warnings).toEqual([
      'nothing reads the variable ALOWED_COUNTRIES; the nearest name is ALLOWED_COUNTRIES',
      'nothing reads the variable LIMT_COUNTRY_PER_DAY; the nearest name is LIMIT_COUNTRY_PER_DAY',
      'nothing reads the variable VONAGE_SECRET; the nearest name is VONAGE_API_SECRET',
    ]);
    try {
      load({ ALOWED_COUNTRIES: 'US', PORT: 'x' });
    } catch (error) {
      expect((error as Error).message).toContain('ALOWED_COUNTRIES');
    }
  });

  it('has no code of 5 digits with Verify v1', () => {
    expect(problemsOf({ VONAGE_VERIFY_API: 'v1', CODE_LENGTH: '5' })).toEqual([
      'CODE_LENGTH must be 4 or 6 with VONAGE_VERIFY_API=v1',
    ]);
  });
});
