import { DEFAULT_POLICY, longestLifeSeconds, resolvePolicy } from './policy.js';

describe('resolvePolicy', () => {
  it('fills in the defaults and keeps an explicit 0', () => {
    expect(resolvePolicy()).toEqual(DEFAULT_POLICY);
    expect(resolvePolicy({ resendCooldownSeconds: 0, maxSends: undefined as never })).toEqual({
      ...DEFAULT_POLICY,
      resendCooldownSeconds: 0,
    });
  });

  it.each([
    [{ codeLength: 3 }],
    [{ codeLength: 11 }],
    [{ ttlSeconds: 601 }],
    [{ maxAttempts: 0 }],
    [{ maxAttempts: 4 }],
    [{ maxSends: 1.5 }],
    [{ resendCooldownSeconds: -1 }],
  ])('refuses %j', (policy) => {
    expect(() => resolvePolicy(policy)).toThrow(RangeError);
  });
});

it('looks for live requests as far back as the policy lets them live', () => {
  const policy = resolvePolicy({ ttlSeconds: 600, maxSends: 100 });
  expect(longestLifeSeconds(policy)).toBeGreaterThan(600 * 100);
});
