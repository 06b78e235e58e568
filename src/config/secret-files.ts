import { readFileSync } from 'node:fs';

/** Variables that may be given as a file: `SESSION_KEYS_FILE=/run/secrets/session_keys`. */
export const SECRETS = [
  'DATABASE_URL',
  'REDIS_URL',
  'SMTP_URL',
  'VONAGE_API_KEY',
  'VONAGE_API_SECRET',
  'VONAGE_PRIVATE_KEY',
  'VONAGE_SIGNATURE_SECRET',
  'PHONE_ENCRYPTION_KEYS',
  'PHONE_FINGERPRINT_KEYS',
  'SESSION_KEYS',
  'WEBHOOKS_SECRETS',
] as const;

/** The variable that names the file of a secret. */
export const fileVariable = (secret: string): string => `${secret}_FILE`;

/** The environment with the secrets from their files. */
export interface WithSecrets {
  env: NodeJS.ProcessEnv;
  /** What is wrong, by the name of the secret: never the content of a file. */
  problems: ReadonlyMap<string, string>;
}

/**
 * Reads the secrets that are given as files. Line ends after a secret do not belong to it, because editors and `echo` add them.
 * @param known only these secrets are read
 */
export function readSecretFiles(known: readonly string[], given: NodeJS.ProcessEnv): WithSecrets {
  const env = { ...given };
  const problems = new Map<string, string>();
  for (const secret of SECRETS.filter((each) => known.includes(each))) {
    const variable = fileVariable(secret);
    const file = given[variable]?.trim();
    if (!file) continue;
    if (given[secret]?.trim()) {
      problems.set(secret, `${secret} and ${variable} must not be set both`);
      continue;
    }
    try {
      const content = readFileSync(file, 'utf8')
        .replace(/^\uFEFF/, '')
        .trim();
      if (content === '') problems.set(secret, `${variable} must name a file that is not empty`);
      else env[secret] = content;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      problems.set(secret, `${variable} must name a file that can be read (${code})`);
    }
  }
  return { env, problems };
}
