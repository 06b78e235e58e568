import { readdirSync, readFileSync } from 'node:fs';
import { HTTP_PROBLEMS } from '../src/http/problem.js';
import { ADMIN_DEFAULTS } from '../src/admin/admin.options.js';
import { ADMIN_ERRORS } from '../src/admin/index.js';
import { HOST_ERRORS } from '../src/host/host.problems.js';
import { PROTECTION_DEFAULTS } from '../src/protection/protection.options.js';
import { MAGIC_NUMBER_GROUPS } from '../src/sandbox/index.js';
import { TWO_FACTOR_ERRORS } from '../src/two-factor/index.js';
import { TWO_FACTOR_DEFAULTS } from '../src/two-factor/two-factor.options.js';
import { VERIFICATION_ERRORS } from '../src/verification/index.js';
import { VERIFICATION_DEFAULTS } from '../src/verification/verification.options.js';

describe('docs/http.md', () => {
  it('has every problem code with its status, and no other', () => {
    const listed = [...readFileSync('docs/http.md', 'utf8').matchAll(/^\| `([a-z-]+)` +\| (\d{3}) +\|/gm)];
    expect(Object.fromEntries(listed.map(([, code, status]) => [code, Number(status)]))).toEqual({
      ...VERIFICATION_ERRORS,
      ...TWO_FACTOR_ERRORS,
      ...HOST_ERRORS,
      ...ADMIN_ERRORS,
      ...HTTP_PROBLEMS,
    });
  });
});

describe('docs/options.md', () => {
  it.each([
    ['VerificationModule', VERIFICATION_DEFAULTS],
    ['TwoFactorModule', TWO_FACTOR_DEFAULTS],
    ['ProtectionModule', PROTECTION_DEFAULTS],
    ['AdminModule', ADMIN_DEFAULTS],
  ])('has the defaults that %s uses', (module, defaults) => {
    const [, rest] = readFileSync('docs/options.md', 'utf8').split(`\n## ${module}\n`);
    const [section] = rest!.split('\n## ');
    const listed = [
      ...section!.matchAll(/^\| `([\w.]+)` +\|[^|]*(?:\\\|[^|]*)*\| `('.*?'|[\d.]+|true|false|null)` +\|/gm),
    ];
    expect(listed.length).toBeGreaterThan(1);
    for (const [, option, literal] of listed) {
      const used = option!
        .split('.')
        .reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], defaults);
      if (used !== undefined)
        expect([option, used]).toEqual([option, JSON.parse(literal!.replaceAll("'", '"'))]);
    }
  });
});

describe('docs/README.md', () => {
  it('lists every page', () => {
    const contents = readFileSync('docs/README.md', 'utf8');
    const pages = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md');
    expect(pages.filter((page) => !contents.includes(`(${page})`))).toEqual([]);
  });
});

describe('docs/sandbox.md', () => {
  it('lists every magic number with what it does under the heading of its group, and no other', () => {
    const [, section] = readFileSync('docs/sandbox.md', 'utf8').split('\n## Magic numbers\n');
    const listed = [...section!.matchAll(/^(?:### (.+)|\| (\d\d) +\| (.+?) +\|)$/gm)].map((line) =>
      line.slice(1).filter(Boolean),
    );
    expect(listed).toEqual(
      MAGIC_NUMBER_GROUPS.flatMap(({ name, numbers }) => [
        [name],
        ...numbers.map(({ number, happens }) => [number.slice(-2), happens]),
      ]),
    );
  });
});

describe('CHANGELOG.md', () => {
  it('has a section for the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(readFileSync('CHANGELOG.md', 'utf8')).toContain(`\n## [${version}] - 20`);
  });
});
