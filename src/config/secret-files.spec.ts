import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyRing, onNewMachine, productionVariables } from '../../test/support/new-machine.js';
import { loadVariables } from './index.js';
import { SECRETS } from './secret-files.js';

describe('secrets from files', () => {
  const { load, problemsOf, directory } = onNewMachine();

  const fileOf = (content: string) => {
    const file = join(directory(), `secret-${randomBytes(4).toString('hex')}`);
    writeFileSync(file, content);
    return file;
  };

  it.each(SECRETS)('%s can be a file', (name) => {
    expect(load({ [`${name}_FILE`]: '' }).warnings).toEqual([]);
    expect(problemsOf({ [`${name}_FILE`]: join(directory(), 'missing') })).toEqual([
      `${name}_FILE must name a file that can be read (ENOENT)`,
    ]);
  });

  it.each(['', '\n', '\r\n', '\n\n', ' \n'])('a line end after it (%j) is no part of it', (end) => {
    const [one, other] = [keyRing('e1'), 'postgres://app:a%20b@db/otp'];
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
    expect(problemsOf({ SESSION_KEYS_FILE: directory() })).toEqual([
      'SESSION_KEYS_FILE must name a file that can be read (EISDIR)',
    ]);
    const problems = problemsOf({ SESSION_KEYS_FILE: fileOf('k1:hunter2') });
    expect(problems).toEqual([expect.stringContaining('SESSION_KEYS must be')]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('a variable and its file must not both be set', () => {
    const problems = problemsOf({ SESSION_KEYS: keyRing('s1'), SESSION_KEYS_FILE: fileOf(keyRing('s1')) });
    expect(problems).toEqual(['SESSION_KEYS and SESSION_KEYS_FILE must not be set both']);
  });

  it('a misspelt name gets a warning with the right one', () => {
    expect(load({ SESION_KEYS_FILE: 'x' }).warnings).toEqual([
      expect.stringContaining('the nearest name is SESSION_KEYS_FILE'),
    ]);
  });

  it('suffice for production', () => {
    const { NODE_ENV, ALLOWED_COUNTRIES, ...secrets } = productionVariables();
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
