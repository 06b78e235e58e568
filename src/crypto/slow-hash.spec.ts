import { Problem } from '../http/index.js';
import { hash, verify } from './slow-hash.js';

/** As light as argon2 allows: these tests are about the queue. */
const LIGHT = { memoryCost: 8, timeCost: 1, parallelism: 1 };

describe('argon2 work in a bounded queue', () => {
  it('hashes, and knows what belongs to a hash', async () => {
    const hashed = await hash('a password', LIGHT);
    expect(hashed).toMatch(/^\$argon2id\$/);
    expect(await verify(hashed, 'a password')).toBe(true);
    expect(await verify(hashed, 'another')).toBe(false);
  });

  it('refuses with 503 and Retry-After when the queue is full, and works again afterwards', async () => {
    const all = await Promise.allSettled(Array.from({ length: 400 }, (_, i) => hash(String(i), LIGHT)));
    const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    // As many as run at once, and 100 that wait.
    expect(all.length - refused.length).toBeGreaterThan(100);
    expect(refused.length).toBeGreaterThanOrEqual(290);
    for (const problem of refused) {
      expect(problem).toBeInstanceOf(Problem);
      expect(problem).toMatchObject({ code: 'service-unavailable', status: 503 });
      expect((problem as Problem).details.retryAfterSeconds).toBeGreaterThan(0);
    }
    expect(await verify(await hash('again', LIGHT), 'again')).toBe(true);
  });

  it('an error of argon2 itself is no refusal', async () => {
    await expect(verify('not a hash', 'a password')).rejects.not.toBeInstanceOf(Problem);
  });
});
