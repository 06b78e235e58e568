import { resolveProtection } from './resolve-protection.js';

describe('limits that Postgres could not count are refused at the start', () => {
  it.each([
    [{ numberCooldownSeconds: 0.5 }, 'protection.numberCooldownSeconds'],
    [{ numberCooldownSeconds: 31 * 86_400 }, 'protection.numberCooldownSeconds'],
    [{ userReservePerDay: 1001 }, 'protection.userReservePerDay'],
    [{ userReservePerDay: 2.5 }, 'protection.userReservePerDay'],
    [{ address: [{ limit: 5, seconds: 90.5 }] }, 'protection.address'],
    [{ user: [{ limit: 1001, seconds: 60 }] }, 'protection.user'],
  ])('%j', (options, named) => {
    expect(() => resolveProtection(options)).toThrow(named);
  });

  it('and the others are taken', () => {
    const options = { numberCooldownSeconds: null, userReservePerDay: 1000, address: null };
    expect(resolveProtection(options)).toMatchObject(options);
  });
});
