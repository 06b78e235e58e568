import { readFileSync } from 'node:fs';
import { MAGIC_NUMBERS } from '../src/sandbox/index.js';

describe('the README', () => {
  it('lists every magic number with what it does, and no other', () => {
    const listed = [...readFileSync('README.md', 'utf8').matchAll(/^\| (\d\d) +\| (.+?) +\|$/gm)].map(
      ([, ending, text]) => [ending, text],
    );
    expect(listed).toEqual(MAGIC_NUMBERS.map(({ number, happens }) => [number.slice(-2), happens]));
  });
});
