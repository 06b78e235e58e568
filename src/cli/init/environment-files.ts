import { randomBytes } from 'node:crypto';
import { contentOf, type FileChange } from './file-change.js';
import type { Surroundings } from './otp-modules-file.js';

interface Variable {
  name: string;
  value: string;
  /** For `.env.example`. */
  example: string;
}

/** `.env` with new keys, `.env.example` without, and `.gitignore` if it lets `.env` through. */
export function environmentFiles({ sessions, hasTypeOrm }: Surroundings): FileChange[] {
  const database = 'postgres://localhost/app';
  const ring = () => `k1:${randomBytes(32).toString('base64')}`;
  const secret = (name: string, value: string, example: string): Variable => ({ name, value, example });
  const secrets = [
    secret('PHONE_ENCRYPTION_KEYS', ring(), 'k1:<openssl rand -base64 32>'),
    secret('PHONE_FINGERPRINT_KEYS', ring(), 'k1:<openssl rand -base64 32>'),
    ...(sessions === 'jwt'
      ? [secret('SESSION_SECRET', randomBytes(32).toString('base64url'), '<openssl rand -base64 32>')]
      : []),
  ];
  const variables: Variable[] = [
    ...(hasTypeOrm ? [] : [{ name: 'DATABASE_URL', value: database, example: database }]),
    ...secrets,
    { name: 'VONAGE_API_KEY', value: '', example: '' },
    { name: 'VONAGE_API_SECRET', value: '', example: '' },
  ];
  const hidden = Object.fromEntries(secrets.map(({ value, example }) => [value, example]));
  const ignored = contentOf('.gitignore');
  const ignoresEnv = ignored !== null && /^\/?\.env(\*|\s*$)/m.test(ignored);
  return [
    ...withVariables('.env', variables, 'value').map((change) => ({ ...change, hidden })),
    ...withVariables('.env.example', variables, 'example'),
    ...(ignoresEnv ? [] : [{ path: '.gitignore', before: ignored, after: joined(ignored, '.env\n') }]),
  ];
}

/** The file with the variables that it lacks. */
function withVariables(path: string, variables: Variable[], column: 'value' | 'example'): FileChange[] {
  const before = contentOf(path);
  const isThere = ({ name }: Variable) => new RegExp(`^\\s*(export\\s+)?${name}=`, 'm').test(before ?? '');
  const lines = variables
    .filter((variable) => !isThere(variable))
    .map((variable) => `${variable.name}=${variable[column]}\n`);
  if (lines.length === 0) return [];
  const heading =
    '# nest-sms-otp. Without VONAGE_… the codes appear in the terminal, except in production.\n';
  return [{ path, before, after: joined(before, heading + lines.join('')) }];
}

function joined(before: string | null, more: string): string {
  if (before === null || before === '') return more;
  return `${before.replace(/\n*$/, '\n\n')}${more}`;
}
