import { onNewMachine, productionVariables } from '../../test/support/new-machine.js';

describe('an application in production', () => {
  const { load, problemsOf } = onNewMachine();

  it('boots in production with credentials and keys', () => {
    expect(load(productionVariables())).toMatchObject({ production: true, sandbox: false });
  });

  it('boots in production on the embedded database where that is allowed', () => {
    const allowed = { ...productionVariables(), DATABASE_URL: '', EMBEDDED_DATABASE: 'allow' };
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
    const problems = problemsOf({ ...productionVariables(), ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(variable);
  });
});
