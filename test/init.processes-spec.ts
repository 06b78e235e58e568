import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

const CLI = resolve('dist/src/cli/nest-sms-otp.js');
const APP_MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;

/** The application of another team, as files in a folder of its own. */
class Application {
  readonly folder = mkdtempSync(join(tmpdir(), 'otp-init-'));

  constructor(files: Record<string, string>, dependencies: string[] = []) {
    symlinkSync(resolve('node_modules'), join(this.folder, 'node_modules'));
    const manifest = {
      name: '@acme/shop',
      dependencies: Object.fromEntries(['@nestjs/core', ...dependencies].map((name) => [name, '*'])),
    };
    const standard = { 'package.json': JSON.stringify(manifest), 'src/app.module.ts': APP_MODULE };
    for (const [path, text] of Object.entries({ ...standard, ...files })) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
  }

  async init(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    try {
      const said = await promisify(execFile)(process.execPath, [CLI, 'init', ...args], { cwd: this.folder });
      return { exitCode: 0, ...said };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { exitCode: code, stdout, stderr };
    }
  }

  read = (path: string) => readFileSync(join(this.folder, path), 'utf8');
  has = (path: string) => existsSync(join(this.folder, path));
}

const applications: Application[] = [];
const application = (...args: ConstructorParameters<typeof Application>) => {
  applications.push(new Application(...args));
  return applications.at(-1)!;
};
afterAll(() => {
  for (const { folder } of applications) rmSync(folder, { recursive: true, force: true });
});

/** @returns what TypeScript cannot parse */
const mistakesIn = (text: string) => ts.transpileModule(text, { reportDiagnostics: true }).diagnostics;

describe('nest-sms-otp init', () => {
  it('shows everything and writes nothing without consent', async () => {
    const host = application({});
    const { exitCode, stdout } = await host.init();
    expect(exitCode).toBe(1);
    expect(stdout).toContain('+++ src/otp-modules.ts');
    expect(stdout).toContain("+import { otpModules } from './otp-modules';");
    expect(stdout).toContain('-  imports: [],\n+  imports: [...otpModules],');
    expect(stdout).toContain('+PHONE_ENCRYPTION_KEYS=k1:<openssl rand -base64 32>');
    expect(stdout).toContain('Nothing was written.');
    expect(host.has('.env')).toBe(false);
    expect(host.read('src/app.module.ts')).toBe(APP_MODULE);
    expect(await host.init('--dry-run')).toMatchObject({ exitCode: 0 });
    expect(host.has('.env')).toBe(false);
  });

  it('writes what it showed, with new keys in .env only, and nothing a second time', async () => {
    const host = application({ '.env.example': 'PORT=3000\n', '.gitignore': 'dist\n' });
    expect(await host.init('--yes')).toMatchObject({ exitCode: 0 });
    expect(host.read('src/app.module.ts')).toBe(
      APP_MODULE.replace('imports: []', 'imports: [...otpModules]').replace(
        "'./app.controller';\n",
        "'./app.controller';\nimport { otpModules } from './otp-modules';\n",
      ),
    );
    const modules = host.read('src/otp-modules.ts');
    expect(mistakesIn(modules)).toEqual([]);
    expect(modules).toContain("brand: 'shop'");
    expect(modules).not.toContain('TwoFactorModule');
    const keys = /PHONE_ENCRYPTION_KEYS=k1:(.+)/.exec(host.read('.env'))![1]!;
    expect(Buffer.from(keys, 'base64')).toHaveLength(32);
    expect(host.read('.env.example')).toMatch(
      /^PORT=3000\n\n# nest-sms-otp[^]+PHONE_ENCRYPTION_KEYS=k1:<openssl/,
    );
    expect(host.read('.gitignore')).toBe('dist\n\n.env\n');
    const files = ['src/app.module.ts', 'src/otp-modules.ts', '.env', '.env.example', '.gitignore'];
    const before = files.map(host.read);
    expect((await host.init('--yes')).stdout).toContain('Nothing to do.');
    expect(files.map(host.read)).toEqual(before);
  });

  it('takes what the application has: sessions, TypeORM, variables, a folder of migrations', async () => {
    const host = application(
      {
        'src/app.module.ts': `import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

@Module({ imports: [
    TypeOrmModule.forRoot({ type: 'postgres' }),
  ],
})
export class AppModule {}
`,
        'src/migrations/1-first.ts': 'export class First1 {}\n',
        '.env': 'export PHONE_ENCRYPTION_KEYS=k1:kept\n',
        '.gitignore': '.env\n',
      },
      ['express-session'],
    );
    expect(await host.init('--yes', '--brand', "Anna's Shop")).toMatchObject({ exitCode: 0 });
    const modules = host.read('src/otp-modules.ts');
    expect(mistakesIn(modules)).toEqual([]);
    expect(modules).toContain(
      "TwoFactorModule.forRoot({ sessions: new ExpressSessions(), issuer: 'Anna\\'s Shop' })",
    );
    expect(modules).not.toMatch(/TypeOrmModule|migrationsRun/);
    expect(host.read('src/app.module.ts')).toContain('}),\n    ...otpModules,\n  ],');
    const { stdout } = await host.init('--yes');
    expect(stdout).toContain('Nothing to do.');
    expect(host.read('.env')).toMatch(/^export PHONE_ENCRYPTION_KEYS=k1:kept\n/);
    expect(host.read('.env').match(/PHONE_ENCRYPTION_KEYS/g)).toHaveLength(1);
    expect(host.read('.env')).not.toContain('DATABASE_URL');
    expect(host.read('.gitignore')).toBe('.env\n');
  });

  it.each([
    [
      'no imports',
      '@Module({ controllers: [] })\nexport class AppModule {}\n',
      '@Module({\n  imports: [...otpModules], controllers: [] })',
    ],
    [
      'an empty object',
      '@Module({})\nexport class AppModule {}\n',
      '@Module({\n  imports: [...otpModules],\n})',
    ],
    [
      'one line',
      '@Module({ imports: [Users] })\nexport class AppModule {}\n',
      '@Module({ imports: [Users, ...otpModules] })',
    ],
  ])('changes a module with %s', async (_, text, expected) => {
    const host = application({ 'src/app.module.ts': text });
    expect(await host.init('--yes')).toMatchObject({ exitCode: 0 });
    const written = host.read('src/app.module.ts');
    expect(written).toContain(expected);
    expect(written.startsWith("import { otpModules } from './otp-modules';\n")).toBe(true);
    expect(mistakesIn(written)).toEqual([]);
  });

  it.each<[string, Record<string, string>, RegExp, ...string[]]>([
    [
      'imports that are computed',
      { 'src/app.module.ts': '@Module({ imports: all() })\nexport class AppModule {}\n' },
      /Write by hand/,
    ],
    ['no module', { 'src/app.module.ts': 'export class AppModule {}\n' }, /Write by hand/],
    ['no Nest application', { 'package.json': '{}' }, /Nest application/],
    [
      'another file',
      { 'src/app.module.ts': '' },
      /no src\/main\.module\.ts/,
      '--module',
      'src/main.module.ts',
    ],
  ])('writes nothing for %s, and says why', async (_, files, reason, ...args) => {
    const host = application(files);
    const { exitCode, stderr } = await host.init('--yes', ...args);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain('    at ');
    expect(host.has('.env')).toBe(false);
    expect(host.has('src/otp-modules.ts')).toBe(false);
  });
});

describe('nest-sms-otp sql', () => {
  it('prints the migrations for a schema', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'sql', '--schema', 'auth']);
    expect(stdout).toContain('CREATE TABLE "auth".otp_verification_requests');
  });
});
