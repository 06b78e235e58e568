import { randomBytes } from 'node:crypto';
import type { Key } from './key-ring.js';
import { PersonalDataCipher, type SealedColumn } from './personal-data-cipher.js';

const key = (id: string): Key => ({ id, secret: randomBytes(32) });
const COLUMN: SealedColumn = 'enrolled_phones.phone_number';

describe('PersonalDataCipher', () => {
  const [encryption, fingerprint] = [key('e1'), key('f1')];
  const cipher = new PersonalDataCipher({ encryption: [encryption], fingerprint: [fingerprint] });

  it('gives back what was sealed, and never the same text twice', () => {
    const sealed = cipher.seal('+14155552671', COLUMN, 'row');
    expect(sealed).not.toContain('4155552671');
    expect(sealed).not.toBe(cipher.seal('+14155552671', COLUMN, 'row'));
    expect(cipher.open(sealed, COLUMN, 'row')).toBe('+14155552671');
  });

  it('does not open in another table, column or row', () => {
    const columns: SealedColumn[] = [
      'verification_requests.phone_number',
      'enrolled_phones.phone_number',
      'authenticators.secret',
      'step_up_grants.summary',
      'kept_posts.about',
      'kept_posts.body',
      'step_up_grants.act',
      'block_entries.value',
    ];
    for (const from of columns) {
      const sealed = cipher.seal('a secret', from, 'row');
      expect(() => cipher.open(sealed, from, 'other row')).toThrow();
      for (const to of columns.filter((column) => column !== from)) {
        expect(() => cipher.open(sealed, to, 'row')).toThrow();
      }
    }
  });

  it('does not open altered, cut off, or without its key', () => {
    const sealed = cipher.seal('+14155552671', COLUMN, 'row');
    expect(() => cipher.open(sealed.replace(/.{4}$/, 'AAAA'), COLUMN, 'row')).toThrow();
    expect(() => cipher.open(sealed.slice(0, 12), COLUMN, 'row')).toThrow();
    const stranger = new PersonalDataCipher({ encryption: [key('e9')], fingerprint: [fingerprint] });
    expect(() => stranger.open(sealed, COLUMN, 'row')).toThrow('encryption key "e1" is not in the key ring');
  });

  it('writes with the newest key and still reads with the older ones', () => {
    const sealed = cipher.seal('+14155552671', COLUMN, 'row');
    const rotated = new PersonalDataCipher({
      encryption: [key('e2'), encryption],
      fingerprint: [fingerprint],
    });
    expect(rotated.open(sealed, COLUMN, 'row')).toBe('+14155552671');
    expect(rotated.seal('x', COLUMN, 'row')).toMatch(/^v1:e2:/);
  });

  it('fingerprints equal texts equally, and numbers apart from callers', () => {
    expect(cipher.fingerprint('phone', 'a')).toEqual(cipher.fingerprint('phone', 'a'));
    expect(cipher.fingerprint('phone', 'a')).not.toEqual(cipher.fingerprint('caller', 'a'));
    expect(cipher.fingerprint('phone', 'a')).toHaveLength(32);
  });
});
