import { freshNumber } from '../support/application.js';
import { startWorld, type World } from '../support/chaos-world.js';
import { logIn } from '../support/person.js';
import { until } from '../support/until.js';

/** At each named point in turn, so that it is known what is on record when an instance dies there. */
describe('kill -9 at every point between a call and its answer', () => {
  let world: World;
  let killAt = '';
  beforeAll(async () => {
    world = await startWorld({
      instances: 2,
      restarts: true,
      preloads: ['kill-points.mjs'],
      env: { VONAGE_TIMEOUT_MS: '2000' },
      envOf: (index) => ({ KILL_AT: index === 0 ? killAt : '' }),
    });
  });
  afterAll(() => world.close());
  afterEach(async () => {
    await world.settled();
    expect(await world.violations()).toEqual([]);
  });

  const victim = () => world.cluster.instances[0]!;
  const armed = async (point: string) => {
    killAt = `${point}:1`;
    await victim().restart();
    killAt = '';
  };
  /** The call that the instance does not survive. */
  const diesOf = async (call: Promise<unknown>, killsBefore: number) => {
    expect(await call).toBeNull();
    await until(() => victim().kills > killsBefore);
  };
  const newest = async () => {
    const { rows } = await world.sql.query<{ id: string; status: string; attempts: number }>(
      'SELECT id, status, attempts FROM otp_verification_requests ORDER BY created_at DESC LIMIT 1',
    );
    return rows[0];
  };

  it.each([
    ['before:otp.start', null, [0]],
    ['after:otp.start', 'SENDING', [0]],
    ['before:provider.start', 'SENDING', [0]],
    // On its way: it may arrive a moment later.
    ['sent:provider.start', 'SENDING', [0, 1]],
    ['after:provider.start', 'SENDING', [1]],
    ['before:otp.finish-send', 'SENDING', [1]],
    ['after:otp.finish-send', 'PENDING', [1]],
  ])('start, %s: one message in the end, and its code works', async (point, status, messages) => {
    const before = await newest();
    const phoneNumber = freshNumber();
    await armed(point);
    await diesOf(world.start(phoneNumber, victim()), victim().kills);
    const left = await newest();
    expect(left?.id === before?.id ? null : left?.status).toBe(status);
    expect(messages).toContain(world.sandbox.ledger(phoneNumber).length);

    expect(await logIn(world, phoneNumber)).toMatchObject({ ending: 'verified' });
    expect(world.sandbox.ledger(phoneNumber)).toHaveLength(1);
  });

  it.each([
    ['before:otp.claim-check', 'PENDING', 0],
    ['after:otp.claim-check', 'PENDING', 1],
    ['before:provider.check', 'PENDING', 1],
    ['after:provider.check', 'PENDING', 1],
    ['before:otp.finish-check', 'PENDING', 1],
    ['after:otp.finish-check', 'VERIFIED', 1],
  ])(
    'check, %s: accepted once or never, and only with the provider’s word',
    async (point, status, attempts) => {
      const phoneNumber = freshNumber();
      const survivor = world.cluster.instances[1]!;
      const started = await world.start(phoneNumber, survivor);
      const requestId = started!.body['requestId'] as string;
      await armed(point);
      await diesOf(world.check(requestId, world.codeFor(phoneNumber)!, 'right', victim()), victim().kills);
      expect(await newest()).toEqual({ id: requestId, status, attempts });

      // Once the provider has said yes, its word is spent; whether it can be heard again is its affair.
      const said = world.words.matched.has(world.sandbox.ledger(phoneNumber)[0]!.providerRequestId);
      const code = world.codeFor(phoneNumber)!;
      let last = await world.check(requestId, code, 'right', survivor);
      await until(async () => {
        if (!['check-in-progress', 'not-ready'].includes(String(last?.body['code']))) return true;
        last = await world.check(requestId, code, 'right', survivor);
        return false;
      });
      const outcome = last!.status === 200 ? 'accepted' : last!.body['code'];
      if (!said) expect(outcome).toBe('accepted');
      else expect(['accepted', 'already-verified', 'expired']).toContain(outcome);
    },
  );
});
