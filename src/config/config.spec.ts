import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_DEFAULTS } from '../admin/index.js';
import { PROTECTION_DEFAULTS } from '../protection/index.js';
import { TWO_FACTOR_DEFAULTS } from '../two-factor/index.js';
import { VERIFICATION_DEFAULTS } from '../verification/index.js';
import { ConfigurationError, environmentSchema, loadConfig, loadVariables, OPTION_PATHS } from './index.js';
import { SECRETS } from './secret-files.js';

const DEFAULTS = {
  verification: VERIFICATION_DEFAULTS,
  protection: PROTECTION_DEFAULTS,
  twoFactor: TWO_FACTOR_DEFAULTS,
  admin: ADMIN_DEFAULTS,
};

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

describe('loadConfig', () => {
  let directory: string;
  const load = (env: NodeJS.ProcessEnv) => loadConfig({ DATA_DIRECTORY: directory, ...env });
  const problemsOf = (env: NodeJS.ProcessEnv) => {
    try {
      load(env);
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      return (error as ConfigurationError).problems;
    }
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'otp-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('needs nothing: a machine without any setting gets the sandbox and keys of its own', () => {
    expect(load({})).toMatchObject({
      PORT: 3000,
      sandbox: true,
      production: false,
    });
    expect(statSync(join(directory, 'keys.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'session-keys.json')).mode & 0o777).toBe(0o600);
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
      PHONE_ENCRYPTION_KEYS: key('e1'),
      PHONE_FINGERPRINT_KEYS: key('f1'),
      SESSION_KEYS: key('s1'),
      EMBEDDED_DATABASE: 'allow',
    };
    expect([load({}).apiDocs, load({ API_DOCS: 'off' }).apiDocs]).toEqual([true, false]);
    expect([load(production).apiDocs, load({ ...production, API_DOCS: 'on' }).apiDocs]).toEqual([
      false,
      true,
    ]);
  });

  const WEBHOOK = {
    WEBHOOKS_URL: 'https://example.com/events',
    WEBHOOKS_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
  };

  it('reads a webhook with its old and new secrets, and the waits between tries', () => {
    const { options } = load({
      ...WEBHOOK,
      WEBHOOKS_SECRETS: `${WEBHOOK.WEBHOOKS_SECRETS} , whsec_${randomBytes(24).toString('base64')}`,
      WEBHOOKS_RETRY_SECONDS: '5, 60',
    });
    expect(options.verification['events'].webhook).toMatchObject({
      url: WEBHOOK.WEBHOOKS_URL,
      retrySeconds: [5, 60],
    });
    expect(options.verification['events'].webhook.secrets).toHaveLength(2);
  });

  it.each([
    ['no secret', { WEBHOOKS_SECRETS: '' }, 'WEBHOOKS_SECRETS must be set'],
    ['a secret of another kind', { WEBHOOKS_SECRETS: 'hunter2' }, 'WEBHOOKS_SECRETS must be "whsec_"'],
    ['a short secret', { WEBHOOKS_SECRETS: 'whsec_aGVsbG8=' }, 'WEBHOOKS_SECRETS must be "whsec_"'],
    [
      'one wrong secret of two',
      { WEBHOOKS_SECRETS: `${WEBHOOK.WEBHOOKS_SECRETS},x` },
      'WEBHOOKS_SECRETS must',
    ],
    ['no URL', { WEBHOOKS_URL: '' }, 'WEBHOOKS_URL must be set with WEBHOOKS_SECRETS'],
    ['no TLS', { WEBHOOKS_URL: 'http://example.com' }, 'WEBHOOKS_URL must begin with https://'],
    ['another protocol', { WEBHOOKS_URL: 'ftp://example.com' }, 'WEBHOOKS_URL must be a URL'],
    ['a wait of nothing', { WEBHOOKS_RETRY_SECONDS: '5,0' }, 'WEBHOOKS_RETRY_SECONDS must be'],
    [
      'yes for private addresses',
      { WEBHOOKS_PRIVATE_ADDRESSES: 'yes' },
      'WEBHOOKS_PRIVATE_ADDRESSES must be "allow"',
    ],
  ])('refuses a webhook with %s', (_name, change, problem) => {
    expect(problemsOf({ ...WEBHOOK, ...change })).toEqual([expect.stringContaining(problem)]);
  });

  describe('secrets from files', () => {
    const fileOf = (content: string) => {
      const file = join(directory, `secret-${randomBytes(4).toString('hex')}`);
      writeFileSync(file, content);
      return file;
    };

    it.each(SECRETS)('%s can be a file', (name) => {
      expect(load({ [`${name}_FILE`]: '' }).warnings).toEqual([]);
      expect(problemsOf({ [`${name}_FILE`]: join(directory, 'missing') })).toEqual([
        `${name}_FILE must name a file that can be read (ENOENT)`,
      ]);
    });

    it.each(['', '\n', '\r\n', '\n\n', ' \n'])('a line end after it (%j) is no part of it', (end) => {
      const [one, other] = [key('e1'), 'postgres://app:a%20b@db/otp'];
      const { keys, DATABASE_URL } = load({
        PHONE_ENCRYPTION_KEYS_FILE: fileOf(one + end),
        DATABASE_URL_FILE: fileOf(`\uFEFF${other}${end}`),
      });
      expect(keys.encryption[0].secret).toEqual(Buffer.from(one.slice(3), 'base64'));
      expect(DATABASE_URL).toBe(other);
      expect(loadVariables(['DATABASE_URL'], { DATABASE_URL_FILE: fileOf(other + end) })).toEqual({
        DATABASE_URL: other,
      });
    });

    it('a key in PEM keeps its lines', () => {
      const pem = '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----';
      const { options } = load({
        VONAGE_APPLICATION_ID: '01890000-0000-4000-8000-000000000000',
        VONAGE_PRIVATE_KEY_FILE: fileOf(`${pem}\n`),
      });
      expect(options.verification['vonage'].application.privateKey).toBe(pem);
    });

    it.each(['', '\n', '  \n'])('an empty file (%j) is refused', (content) => {
      expect(problemsOf({ SESSION_KEYS_FILE: fileOf(content) })).toEqual([
        'SESSION_KEYS_FILE must name a file that is not empty',
      ]);
    });

    it('a folder is refused, and so is a wrong content, without showing it', () => {
      expect(problemsOf({ SESSION_KEYS_FILE: directory })).toEqual([
        'SESSION_KEYS_FILE must name a file that can be read (EISDIR)',
      ]);
      const problems = problemsOf({ SESSION_KEYS_FILE: fileOf('k1:hunter2') });
      expect(problems).toEqual([expect.stringContaining('SESSION_KEYS must be')]);
      expect(problems.join()).not.toContain('hunter2');
    });

    it('a variable and its file must not both be set', () => {
      const problems = problemsOf({ SESSION_KEYS: key('s1'), SESSION_KEYS_FILE: fileOf(key('s1')) });
      expect(problems).toEqual(['SESSION_KEYS and SESSION_KEYS_FILE must not be set both']);
    });

    it('a misspelt name gets a warning with the right one', () => {
      expect(load({ SESION_KEYS_FILE: 'x' }).warnings).toEqual([
        expect.stringContaining('the nearest name is SESSION_KEYS_FILE'),
      ]);
    });

    it('suffice for production', () => {
      const { NODE_ENV, ALLOWED_COUNTRIES, ...secrets } = production();
      const files = Object.entries(secrets)
        .filter(([name]) => (SECRETS as readonly string[]).includes(name))
        .map(([name, value]) => [`${name}_FILE`, fileOf(`${value}\n`)]);
      expect(problemsOf({ NODE_ENV, ALLOWED_COUNTRIES, ...Object.fromEntries(files) })).toEqual([]);
      expect(
        problemsOf({
          NODE_ENV,
          ALLOWED_COUNTRIES,
          ...Object.fromEntries(files),
          SESSION_KEYS_FILE: '/nowhere',
        }),
      ).toEqual(['SESSION_KEYS_FILE must name a file that can be read (ENOENT)']);
    });
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

  const production = () => ({
    NODE_ENV: 'production',
    DATABASE_URL: 'postgres://otp@localhost/otp',
    ALLOWED_COUNTRIES: 'US',
    VONAGE_API_KEY: 'abc',
    VONAGE_API_SECRET: 'def',
    PHONE_ENCRYPTION_KEYS: key('e1'),
    PHONE_FINGERPRINT_KEYS: key('f1'),
    SESSION_KEYS: key('s1'),
  });

  it('boots in production with credentials and keys', () => {
    expect(load(production())).toMatchObject({ production: true, sandbox: false });
  });

  it('boots in production on the embedded database where that is allowed', () => {
    const allowed = { ...production(), DATABASE_URL: '', EMBEDDED_DATABASE: 'allow' };
    expect(load(allowed)).toMatchObject({ production: true });
    expect(problemsOf({ ...allowed, EMBEDDED_DATABASE: 'yes' })).toEqual([
      'EMBEDDED_DATABASE must be "allow", or absent',
    ]);
  });

  it.each([
    [
      'without credentials',
      { VONAGE_API_KEY: '', VONAGE_API_SECRET: '' },
      'VONAGE_API_KEY and VONAGE_API_SECRET',
    ],
    ['with the sandbox', { SANDBOX: 'on' }, 'SANDBOX'],
    ['with generated encryption keys', { PHONE_ENCRYPTION_KEYS: '' }, 'PHONE_ENCRYPTION_KEYS'],
    ['with generated fingerprint keys', { PHONE_FINGERPRINT_KEYS: '' }, 'PHONE_FINGERPRINT_KEYS'],
    ['with generated session keys', { SESSION_KEYS: '' }, 'SESSION_KEYS'],
    [
      'with an address that is not HTTPS',
      { PUBLIC_URL: 'http://login.example.com' },
      'PUBLIC_URL must begin',
    ],
    ['without a word on countries', { ALLOWED_COUNTRIES: '' }, 'ALLOWED_COUNTRIES'],
    ['with a code of 5 digits', { CODE_LENGTH: '5' }, 'CODE_LENGTH'],
    ['on the embedded database', { DATABASE_URL: '' }, 'EMBEDDED_DATABASE=allow'],
    [
      'with links in e-mails that lead nowhere',
      { SMTP_URL: 'smtp://localhost', MAIL_FROM: 'otp@example.com' },
      'PUBLIC_URL',
    ],
  ])('does not boot in production %s', (_name, change, variable) => {
    const problems = problemsOf({ ...production(), ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(variable);
  });

  it('is documented completely: .env.example and docs/configuration.md name every variable, and no other', () => {
    const known = Object.keys(environmentSchema.shape).sort();
    const example = readFileSync('.env.example', 'utf8');
    expect([...example.matchAll(/^#? ?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name).sort()).toEqual(known);
    const page = readFileSync('docs/configuration.md', 'utf8');
    expect([...page.matchAll(/^\| `([A-Z][A-Z_]+)` +\|/gm)].map(([, name]) => name).sort()).toEqual(known);
  });

  const withoutDefault = [
    'VONAGE_API_KEY',
    'VONAGE_API_SECRET',
    'VONAGE_API_HOST',
    'VONAGE_APPLICATION_ID',
    'VONAGE_TEMPLATE_ID',
    'VONAGE_PRIVATE_KEY',
    'VONAGE_SIGNATURE_SECRET',
    'DEFAULT_COUNTRY',
    'WEBHOOKS_URL',
    'WEBHOOKS_SECRETS',
    'WEBHOOKS_PRIVATE_ADDRESSES',
    'EVENTS_FILE',
    // Null as the module's default; the application has a default of its own.
    'RETENTION',
    'RETENTION_REQUESTS_DAYS',
    'RETENTION_DECISIONS_DAYS',
  ];
  it.each(Object.entries(OPTION_PATHS).filter(([name]) => !withoutDefault.includes(name)))(
    '%s sets %s, whose default is in docs/configuration.md',
    (name, path) => {
      const value = path.split('.').reduce((parent: any, key) => parent[key], DEFAULTS);
      expect(value).not.toBeUndefined();
      const row = new RegExp(`^\\| \`${name}\` +\\| ([^|]*?) +\\|`, 'm').exec(
        readFileSync('docs/configuration.md', 'utf8'),
      );
      expect(row![1]).toContain(spelling(value));
    },
  );
});

/** How the environment spells a value. */
function spelling(value: any): string {
  if (value === null) return '`off`';
  if (typeof value === 'boolean') return value ? '`on`' : '`off`';
  if (Array.isArray(value))
    return `\`${value.map((each) => (typeof each === 'number' ? each : `${each.limit}/${each.seconds}`)).join(',')}\``;
  if (typeof value !== 'object') return `\`${value}\``;
  if ('windowSeconds' in value && 'limit' in value) return `\`${value.limit}/${value.windowSeconds}\``;
  if ('floor' in value) return `\`${value.floor * 100}/${value.minimum}\``;
  const pairs = Object.entries(value).map(([country, price]) => `${country}:${price}`);
  return pairs.length === 0 ? 'none' : `\`${pairs.join(',')}\``;
}
