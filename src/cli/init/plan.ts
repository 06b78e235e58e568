import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InitError } from './init-error.js';
import { environmentFiles } from './environment-files.js';
import { contentOf, type FileChange } from './file-change.js';
import { withOtpModules } from './module-file.js';
import { migrationsFile, otpModulesFile, type Surroundings } from './otp-modules-file.js';

const LONGEST_BRAND = 18;

/** Options of {@link planChanges}. */
export interface PlanOptions {
  /** The file of the module that imports ours. */
  module: string;
  /** What the messages call the service. */
  brand?: string;
}

interface Manifest {
  name?: string;
  type?: string;
  dependencies?: Record<string, string>;
}

/** What `init` would change, and what is left for the person to do. */
export function planChanges(options: PlanOptions): { changes: FileChange[]; nextSteps: string[] } {
  const manifest = readManifest();
  const dependencies = Object.keys(manifest.dependencies ?? {});
  if (!dependencies.includes('@nestjs/core'))
    throw new InitError('package.json has no @nestjs/core. Run this in the folder of your Nest application.');
  const moduleText = contentOf(options.module);
  if (moduleText === null)
    throw new InitError(`There is no ${options.module}. Name the file of your module with --module.`);
  const sources = readSources();
  if (sources.some((text) => /from ['"]nest-sms-otp['"/]/.test(text))) return { changes: [], nextSteps: [] };

  const folderOfMigrations = ['src/migrations', 'migrations'].find((folder) => existsSync(folder));
  const surroundings: Surroundings = {
    brand: brandOf(options.brand ?? manifest.name),
    sessions: sessionsOf(dependencies),
    hasTypeOrm: sources.some((text) => /TypeOrmModule\s*\.\s*forRoot/.test(text)),
    hasMigrations: folderOfMigrations !== undefined,
  };
  const file = join(dirname(options.module), 'otp-modules.ts');
  const extension = manifest.type === 'module' ? '.js' : '';
  const changes: FileChange[] = [
    { path: file, before: null, after: otpModulesFile(surroundings) },
    {
      path: options.module,
      before: moduleText,
      after: withOtpModules(options.module, moduleText, `./otp-modules${extension}`),
    },
    ...(folderOfMigrations
      ? [
          {
            path: join(folderOfMigrations, `${Date.now()}-nest-sms-otp.ts`),
            before: null,
            after: migrationsFile(surroundings.sessions),
          },
        ]
      : []),
    ...environmentFiles(surroundings),
  ];
  return { changes, nextSteps: nextStepsOf(surroundings, dependencies) };
}

function readManifest(): Manifest {
  const text = contentOf('package.json');
  if (text === null)
    throw new InitError('There is no package.json here. Run this in the folder of your Nest application.');
  return JSON.parse(text) as Manifest;
}

/** The texts of the application's TypeScript files. */
const readSources = (): string[] =>
  !existsSync('src')
    ? []
    : readdirSync('src', { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => readFileSync(join('src', path), 'utf8'));

function brandOf(name = 'My service'): string {
  const brand = name
    .replace(/^@[^/]*\//, '')
    .slice(0, LONGEST_BRAND)
    .trim();
  if (!/\S/.test(brand)) throw new InitError('Give the name of your service with --brand.');
  return brand;
}

function sessionsOf(dependencies: string[]): Surroundings['sessions'] {
  if (dependencies.includes('express-session')) return 'express';
  return ['@nestjs/jwt', 'passport-jwt', 'jsonwebtoken'].some((name) => dependencies.includes(name))
    ? 'jwt'
    : null;
}

function nextStepsOf(
  { sessions, hasMigrations, hasTypeOrm }: Surroundings,
  dependencies: string[],
): string[] {
  return [
    ...(dependencies.includes('nest-sms-otp') ? [] : ['npm install nest-sms-otp']),
    ...(dependencies.includes('@vonage/server-sdk')
      ? []
      : ['npm install @vonage/server-sdk, to send through Vonage']),
    ...(hasTypeOrm ? [] : ['Set DATABASE_URL in .env to your Postgres.']),
    ...(hasMigrations ? ['Run your migrations: ours are among them.'] : []),
    'Start the application and open /phone.',
    sessions
      ? 'Call `twoFactor.signIn(request, response, user.id)` after the password was correct: docs/two-factor.md.'
      : 'For two-factor sign-in, add TwoFactorModule with your sessions: docs/two-factor.md.',
  ];
}
