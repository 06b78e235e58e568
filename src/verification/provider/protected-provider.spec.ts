import { FakeVerificationProvider } from '../../testing/fake-verification-provider.js';
import { ProtectedProvider } from './protected-provider.js';

describe('a provider of the application’s own', () => {
  const given = new FakeVerificationProvider();
  const provider = new ProtectedProvider(given, { pacer: null, failuresBeforeBreak: null });
  afterEach(() => jest.restoreAllMocks());

  it.each<[string, () => Promise<never>]>([
    ['throws', () => Promise.reject(new TypeError('fetch failed for +14155552671'))],
    ['answers nothing', () => Promise.resolve(undefined as never)],
  ])('may have acted when it %s', async (_what, act) => {
    jest.spyOn(given, 'check').mockImplementation(act);
    const answer = await provider.check('id', '123456');
    expect(answer).toMatchObject({ outcome: 'fault', fault: 'unknown-outcome' });
    expect(JSON.stringify(answer)).not.toContain('+1');
  });

  it.each([
    [7, 7],
    [0.2, 1],
    [86_400, 60],
    [Infinity, 60],
    [0, undefined],
    [-1, undefined],
    [NaN, undefined],
  ])('that asks for a wait of %d s gets %p', async (asked, seconds) => {
    const fault = { outcome: 'fault', fault: 'unavailable', detail: 'http 503' } as const;
    given.answerNext('next', { ...fault, retryAfterSeconds: asked });
    const wait = seconds === undefined ? {} : { retryAfterSeconds: seconds };
    expect(await provider.next('id')).toEqual({ ...fault, ...wait });
  });
});
