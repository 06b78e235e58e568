import { readFileSync } from 'node:fs';
import { ADMIN_DEFAULTS } from '../admin/index.js';
import { PROTECTION_DEFAULTS } from '../protection/index.js';
import { TWO_FACTOR_DEFAULTS } from '../two-factor/index.js';
import { VERIFICATION_DEFAULTS } from '../verification/index.js';
import { environmentSchema, OPTION_PATHS } from './index.js';

const DEFAULTS = {
  verification: VERIFICATION_DEFAULTS,
  protection: PROTECTION_DEFAULTS,
  twoFactor: TWO_FACTOR_DEFAULTS,
  admin: ADMIN_DEFAULTS,
};

describe('every variable', () => {
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
