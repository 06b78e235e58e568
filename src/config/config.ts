import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { type Environment, environmentSchema, OPTION_PATHS } from './environment.js';
import { loadOrGenerateKeys, loadOrGenerateSessionKeys } from './generated-keys.js';
import type { KeyRing } from '../crypto/key-ring.js';
import { fileVariable, readSecretFiles, SECRETS } from './secret-files.js';
import { warnAboutUnknown } from './unknown-variables.js';

/** Options of the modules that the environment sets, as their `forRoot` takes them. */
export interface ModuleOptions {
  verification: Record<string, any>;
  protection: Record<string, any>;
  twoFactor: Record<string, any>;
  admin: Record<string, any>;
}

/** The whole configuration of the runnable application, checked. */
export interface Config extends Omit<
  Environment,
  'API_DOCS' | 'PHONE_ENCRYPTION_KEYS' | 'PHONE_FINGERPRINT_KEYS' | 'SESSION_KEYS' | 'SANDBOX'
> {
  options: ModuleOptions;
  production: boolean;
  /** Serve `/docs` and `/openapi.json`. */
  apiDocs: boolean;
  /** True when the application starts its own Vonage look-alike. */
  sandbox: boolean;
  /** Absolute. */
  dataDirectory: string;
  keys: { encryption: KeyRing; fingerprint: KeyRing; sessions: KeyRing };
  /** What is probably a mistake, a sentence each. */
  warnings: readonly string[];
}

/** Every problem of the environment at once, a line each: the variable's name and what it should be. */
export class ConfigurationError extends Error {
  /** @param warnings what may be the reason, a sentence each */
  constructor(
    readonly problems: readonly string[],
    warnings: readonly string[] = [],
  ) {
    const lines = [...problems, ...warnings].map((problem) => `  - ${problem}`);
    super(`The configuration is not usable:\n${lines.join('\n')}`);
    this.name = 'ConfigurationError';
  }
}

/**
 * Reads the environment. A variable that is set but empty counts as absent.
 * @throws ConfigurationError naming every variable that is wrong, never its value.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { given, parsed, problems, unread } = parse(environmentSchema, env);

  // Rules over several variables are checked on the raw values too, so that one wrong number does not hide them.
  const production = given['NODE_ENV'] === 'production';
  problems.push(
    ...combinationProblems(given, production).filter((problem) => !unread.has(problem.split(' ', 1)[0]!)),
  );
  const known = [...Object.keys(environmentSchema.shape), ...SECRETS.map(fileVariable)];
  const warnings = warnAboutUnknown(Object.keys(env), known);
  if (!parsed.success || problems.length > 0) throw new ConfigurationError(problems, warnings);

  const { API_DOCS, PHONE_ENCRYPTION_KEYS, PHONE_FINGERPRINT_KEYS, SESSION_KEYS, SANDBOX, ...rest } =
    parsed.data;
  const sandbox = SANDBOX === 'on' || (SANDBOX === 'auto' && !rest.VONAGE_API_KEY && !rest.VONAGE_API_HOST);
  const dataDirectory = resolve(rest.DATA_DIRECTORY);
  const generated =
    PHONE_ENCRYPTION_KEYS && PHONE_FINGERPRINT_KEYS ? null : loadOrGenerateKeys(dataDirectory);
  return {
    ...rest,
    options: optionsOf(parsed.data),
    production,
    apiDocs: API_DOCS ?? !production,
    sandbox,
    dataDirectory,
    keys: {
      encryption: PHONE_ENCRYPTION_KEYS ?? generated!.encryption,
      fingerprint: PHONE_FINGERPRINT_KEYS ?? generated!.fingerprint,
      sessions: SESSION_KEYS ?? loadOrGenerateSessionKeys(dataDirectory),
    },
    warnings,
  };
}

/**
 * Reads only some variables, for programs that need no others.
 * @throws ConfigurationError naming every one of them that is wrong, never its value.
 */
export function loadVariables<Name extends keyof Environment>(
  names: readonly Name[],
  env: NodeJS.ProcessEnv = process.env,
): Pick<Environment, Name> {
  const mask = Object.fromEntries(names.map((name) => [name, true]));
  const { parsed, problems } = parse(environmentSchema.pick(mask as never), env);
  if (!parsed.success || problems.length > 0) throw new ConfigurationError(problems);
  return parsed.data;
}

/** Sets what the file `.env` of this folder says and the environment does not. */
export function loadEnvironmentFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}

function parse<Schema extends z.ZodObject>(schema: Schema, environment: NodeJS.ProcessEnv) {
  const known = Object.keys(schema.shape);
  const { env, problems: unread } = readSecretFiles(known, environment);
  const given = Object.fromEntries(
    known.map((name) => [name, env[name]?.trim() ?? '']).filter(([, value]) => value !== ''),
  ) as Record<string, string>;
  const parsed = schema.safeParse(given);
  const quoted = Object.keys(given)
    .filter((name) => /^(["']).*\1$/s.test(given[name]!))
    .map((name) => `${name} must be written without quotes: whatever set it has kept them`);
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')} must be ${issue.message}`);
  return { given, parsed, problems: [...unread.values(), ...quoted, ...wrong], unread };
}

function optionsOf(variables: Record<string, unknown>): ModuleOptions {
  const options: ModuleOptions = { verification: {}, protection: {}, twoFactor: {}, admin: {} };
  for (const [name, path] of Object.entries(OPTION_PATHS)) {
    if (variables[name] !== undefined) setOption(options, path.split('.'), variables[name]);
  }
  return options;
}

/** An option below one that is off (null) has nothing to set. */
function setOption(target: Record<string, any>, [name, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) target[name!] = value;
  else if (target[name!] !== null) setOption((target[name!] ??= {}), rest, value);
}

function combinationProblems(env: Record<string, string | undefined>, production: boolean): string[] {
  const problems: string[] = [];
  const { VONAGE_API_KEY: key, VONAGE_API_SECRET: secret, CODE_LENGTH: codeLength } = env;
  if (Boolean(key) !== Boolean(secret)) {
    problems.push(
      `${key ? 'VONAGE_API_SECRET' : 'VONAGE_API_KEY'} must be set too: key and secret belong together`,
    );
  }
  if (Boolean(env['VONAGE_APPLICATION_ID']) !== Boolean(env['VONAGE_PRIVATE_KEY'])) {
    problems.push('VONAGE_APPLICATION_ID and VONAGE_PRIVATE_KEY must be set together');
  }
  if (env['VONAGE_VERIFY_API'] === 'v1' && codeLength && !['4', '6'].includes(codeLength.trim())) {
    problems.push('CODE_LENGTH must be 4 or 6 with VONAGE_VERIFY_API=v1');
  }
  if (env['VONAGE_VERIFY_API'] === 'v1' && env['VONAGE_TEMPLATE_ID']) {
    problems.push('VONAGE_TEMPLATE_ID works with VONAGE_VERIFY_API=v2 only');
  }
  if (Boolean(env['SMTP_URL']) !== Boolean(env['MAIL_FROM'])) {
    problems.push('SMTP_URL and MAIL_FROM must be set together');
  }
  if (Number(env['METRICS_PORT']) > 0 && Number(env['METRICS_PORT']) === Number(env['PORT'] ?? 3000)) {
    problems.push('METRICS_PORT must be another port than PORT');
  }
  problems.push(...webhookProblems(env));
  if (!production) return problems;

  if (!env['DATABASE_URL'] && !env['EMBEDDED_DATABASE']) {
    problems.push(
      'DATABASE_URL must be set in production; EMBEDDED_DATABASE=allow keeps the data in a Postgres on this machine instead',
    );
  }
  if (env['SMTP_URL'] && !env['PUBLIC_URL']) {
    problems.push('PUBLIC_URL must be set with SMTP_URL in production: links in e-mails begin with it');
  }

  if (/^http:/i.test(env['PUBLIC_URL'] ?? '')) {
    problems.push(
      'PUBLIC_URL must begin with https:// in production: cookies and forms work over HTTPS only',
    );
  }
  if (!key && !secret) problems.push('VONAGE_API_KEY and VONAGE_API_SECRET must be set in production');
  if (/^(on|true|yes)$/i.test(env['SANDBOX'] ?? '')) {
    problems.push('SANDBOX must be off in production: it shows every code to anyone');
  }
  if (!env['ALLOWED_COUNTRIES']) {
    problems.push(
      'ALLOWED_COUNTRIES must be set in production: the countries that you send to, or "off" for the whole world',
    );
  }
  for (const name of ['PHONE_ENCRYPTION_KEYS', 'PHONE_FINGERPRINT_KEYS', 'SESSION_KEYS']) {
    if (!env[name]) problems.push(`${name} must be set in production; generated keys are for a first look`);
  }
  if (codeLength && /^\d+$/.test(codeLength.trim()) && Number(codeLength) < 6) {
    problems.push('CODE_LENGTH must be at least 6 in production (NIST SP 800-63B-4, 3.1.3.2)');
  }
  return problems;
}

function webhookProblems(env: Record<string, string | undefined>): string[] {
  const { WEBHOOKS_URL: url, WEBHOOKS_SECRETS: secrets, WEBHOOKS_PRIVATE_ADDRESSES: mayBePrivate } = env;
  if (!url) {
    const others = Object.keys(env).filter((name) => name.startsWith('WEBHOOKS_'));
    return others.length > 0 ? [`WEBHOOKS_URL must be set with ${others.join(', ')}`] : [];
  }
  return [
    ...(secrets
      ? []
      : ['WEBHOOKS_SECRETS must be set with WEBHOOKS_URL: echo "whsec_$(openssl rand -base64 32)"']),
    ...(/^http:/i.test(url.trim()) && !mayBePrivate
      ? ['WEBHOOKS_URL must begin with https://, unless WEBHOOKS_PRIVATE_ADDRESSES=allow']
      : []),
  ];
}
