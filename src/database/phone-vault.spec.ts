import { randomBytes } from 'node:crypto';
import type { Key } from '../config/index.js';
import { PhoneVault } from './phone-vault.js';

const key = (id: string): Key => ({ id, secret: randomBytes(32) });

describe('PhoneVault', () => {
  const [encryption, fingerprint] = [key('e1'), key('f1')];
  const vault = new PhoneVault({ encryption: [encryption], fingerprint: [fingerprint] });

  it('gives back what was sealed, and never the same text twice', () => {
    const sealed = vault.seal('+14155552671', 'row');
    expect(sealed).not.toContain('4155552671');
    expect(sealed).not.toBe(vault.seal('+14155552671', 'row'));
    expect(vault.open(sealed, 'row')).toBe('+14155552671');
  });

  it('does not open for another row, altered, cut off, or without its key', () => {
    const sealed = vault.seal('+14155552671', 'row');
    const altered = sealed.slice(0, -1) + (sealed.endsWith('A') ? 'B' : 'A');
    expect(() => vault.open(sealed, 'other row')).toThrow();
    expect(() => vault.open(altered.replace(/.{4}$/, 'AAAA'), 'row')).toThrow();
    expect(() => vault.open(sealed.slice(0, 12), 'row')).toThrow();
    const stranger = new PhoneVault({ encryption: [key('e9')], fingerprint: [fingerprint] });
    expect(() => stranger.open(sealed, 'row')).toThrow('encryption key "e1" is not in the key ring');
  });

  it('writes with the newest key and still reads with the older ones', () => {
    const sealed = vault.seal('+14155552671', 'row');
    const rotated = new PhoneVault({ encryption: [key('e2'), encryption], fingerprint: [fingerprint] });
    expect(rotated.open(sealed, 'row')).toBe('+14155552671');
    expect(rotated.seal('x', 'row')).toMatch(/^e2:/);
  });

  it('fingerprints equal texts equally, and numbers apart from callers', () => {
    expect(vault.fingerprint('phone', 'a')).toEqual(vault.fingerprint('phone', 'a'));
    expect(vault.fingerprint('phone', 'a')).not.toEqual(vault.fingerprint('caller', 'a'));
    expect(vault.fingerprint('phone', 'a')).toHaveLength(32);
  });
});
