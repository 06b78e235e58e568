import fc from 'fast-check';
import { safePath } from './safe-path.js';

const FALLBACK = '/account';

describe('a path to return to', () => {
  it.each(['/', '/account', '/a/b?c=d&e=%2F%2Fevil.example#f', '/search?q=https://evil.example'])(
    'is %j as it came',
    (path) => {
      expect(safePath(path, FALLBACK)).toBe(path);
    },
  );

  it.each([
    undefined,
    null,
    42,
    ['/a'],
    '',
    'account',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\/evil.example',
    'https:evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '\t//evil.example',
    '/\n/evil.example',
    ' //evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    `/${'a'.repeat(3000)}`,
  ])('is not %j', (value) => {
    expect(safePath(value, FALLBACK)).toBe(FALLBACK);
  });

  it('whatever was sent, a browser stays on our origin', () => {
    const nasty = fc.array(
      fc.constantFrom(
        '/',
        '\\',
        '\t',
        '\n',
        ' ',
        '.',
        '%2f',
        '%5c',
        ':',
        '@',
        'evil.example',
        'https',
        '?',
        '#',
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          nasty.map((parts) => parts.join('')),
          nasty.map((parts) => `/${parts.join('')}`),
        ),
        (value) => {
          const path = safePath(value, FALLBACK);
          expect(new URL(path, 'https://ours.example').origin).toBe('https://ours.example');
        },
      ),
      { numRuns: 2000 },
    );
  });
});
