import { resolvePolicy, type VerificationPolicy } from '../domain/policy.js';
import { VerificationReconciler } from './reconciler.js';

/** A reconciler that finds nothing, and how far back each of its rounds has looked for requests whose time ran out. */
function idleReconciler(policy: Partial<VerificationPolicy> = {}) {
  const sweptSeconds: number[] = [];
  const none = async () => null;
  const parts = [
    {
      endExpired: async (seconds: number) => {
        sweptSeconds.push(seconds);
        return 0;
      },
      deleteOldKeys: none,
    },
    { endOldLocks: none },
    { claimLost: none },
    {},
    { settle: none },
    {},
    { reconcileEverySeconds: null, policy: resolvePolicy(policy) },
  ] as unknown as ConstructorParameters<typeof VerificationReconciler>;
  return { reconciler: new VerificationReconciler(...parts), sweptSeconds };
}

describe('requests whose time ran out are looked for', () => {
  afterEach(() => jest.restoreAllMocks());

  it('within two hours, and as far back as nobody has looked', async () => {
    const { reconciler, sweptSeconds } = idleReconciler();
    const startedAt = Date.now();
    for (const minutes of [0, 2, 182, 183]) {
      jest.spyOn(Date, 'now').mockReturnValue(startedAt + minutes * 60_000);
      await reconciler['round']();
    }
    expect(sweptSeconds).toEqual([86_400, 7200 + 120, 7200 + 180 * 60]);
  });

  it('as far back as requests can live by the policy', async () => {
    const { reconciler, sweptSeconds } = idleReconciler({ ttlSeconds: 600, maxSends: 500 });
    const startedAt = Date.now();
    for (const minutes of [0, 2]) {
      jest.spyOn(Date, 'now').mockReturnValue(startedAt + minutes * 60_000);
      await reconciler['round']();
    }
    expect(sweptSeconds).toEqual([300_600, 300_600 + 120]);
  });

  it('also after the clock was set back, and every minute from then on', async () => {
    const { reconciler, sweptSeconds } = idleReconciler();
    const startedAt = Date.now();
    for (const minutes of [60, 0, 1, 2]) {
      jest.spyOn(Date, 'now').mockReturnValue(startedAt + minutes * 60_000);
      await reconciler['round']();
    }
    expect(sweptSeconds).toEqual([86_400, 7200 + 3600, 7200 + 120]);
  });
});
