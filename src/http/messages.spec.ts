import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_ERRORS } from '../admin/index.js';
import { HOST_ERRORS } from '../host/index.js';
import { TWO_FACTOR_ERRORS } from '../two-factor/index.js';
import { VERIFICATION_ERRORS } from '../verification/index.js';
import { Messages } from './messages.js';
import { HTTP_PROBLEMS } from './problem.js';

describe('the message catalogue', () => {
  const ours = new Messages(['messages']);

  it('has a title and words for every problem', () => {
    const all = {
      ...VERIFICATION_ERRORS,
      ...TWO_FACTOR_ERRORS,
      ...HOST_ERRORS,
      ...ADMIN_ERRORS,
      ...HTTP_PROBLEMS,
    };
    for (const code of Object.keys(all)) {
      expect([code, ours.has(`problem.${code}.title`), ours.has(`problem.${code}.detail`)]).toEqual([
        code,
        true,
        true,
      ]);
    }
  });

  it('has every text that a view asks for', () => {
    const views = readdirSync('views', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.hbs'),
    );
    const keys = views.flatMap((name) =>
      [...readFileSync(join('views', name), 'utf8').matchAll(/\{\{t "([\w.-]+)"/g)].map(([, key]) => key!),
    );
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !ours.has(key))).toEqual([]);
  });

  it('says one try and two tries', () => {
    expect(ours.text('en', 'problem.wrong-code.detail', { count: 1 })).toContain('1 try left');
    expect(ours.text('en', 'problem.wrong-code.detail', { count: 2 })).toContain('2 tries left');
    expect(ours.text('en', 'problem.wrong-code.detail')).toContain('That code isn’t right');
  });

  it('takes a host’s words over ours, key by key, and falls back to English', () => {
    const directory = mkdtempSync(join(tmpdir(), 'otp-messages-'));
    try {
      writeFileSync(join(directory, 'en.json'), JSON.stringify({ 'phone.title': 'Your mobile, please' }));
      writeFileSync(join(directory, 'nl.json'), JSON.stringify({ 'phone.title': 'Uw nummer' }));
      const messages = new Messages(['messages', directory]);
      expect(messages.locales).toEqual(['en', 'ar', 'de', 'es', 'fr', 'ja', 'pt-BR', 'zh-Hans', 'nl']);
      expect(messages.text('en', 'phone.title')).toBe('Your mobile, please');
      expect(messages.text('nl', 'phone.title')).toBe('Uw nummer');
      expect(messages.text('nl', 'phone.submit')).toBe('Send code');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
