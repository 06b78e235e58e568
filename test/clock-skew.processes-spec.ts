import { freshNumber, wrongCode } from './support/application.js';
import { startWorld, type World } from './support/chaos-world.js';
import { times } from './support/times.js';

const HOUR_MS = 3_600_000;
const SKEWS = [HOUR_MS, 0, -HOUR_MS];

/** Time is the database's: what an instance's own clock says decides nothing. */
describe('instances whose clocks are an hour fast and an hour slow', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      env: { LOG_LEVEL: 'info' },
      preloads: ['clock-skew.mjs'],
      envOf: (index) => ({ CLOCK_SKEW_MS: String(SKEWS[index]) }),
    });
  });
  afterAll(() => world.close());
  afterEach(async () => expect(await world.violations()).toEqual([]));

  const pairs = [0, 1, 2].flatMap((starter) => [0, 1, 2].map((checker) => [starter, checker] as const));
  const startedBy = async (starter: number) => {
    const phoneNumber = freshNumber();
    const answer = await world.start(phoneNumber, world.cluster.instances[starter]);
    expect(answer?.status).toBe(200);
    return { requestId: answer!.body['requestId'] as string, code: world.codeFor(phoneNumber)! };
  };

  it('are really that wrong, as their logs show', async () => {
    for (const [index, instance] of world.cluster.instances.entries()) {
      await instance.client!.json('GET', '/');
      const [, time] = /"time":(\d+)/.exec(instance.output)!;
      expect(Math.abs(Number(time) - Date.now() - SKEWS[index]!)).toBeLessThan(HOUR_MS / 2);
    }
  });

  it.each(pairs)(
    'started by %d and checked by %d: a code counts while it lives',
    async (starter, checker) => {
      const { requestId, code } = await startedBy(starter);
      const on = world.cluster.instances[checker]!;
      expect((await world.check(requestId, wrongCode(code), 'wrong', on))?.status).toBe(422);
      expect((await world.check(requestId, code, 'right', on))?.status).toBe(200);
    },
  );

  it.each(pairs)('started by %d and checked by %d: no code counts after', async (starter, checker) => {
    const { requestId, code } = await startedBy(starter);
    await world.sql.query(
      'UPDATE otp_verification_requests SET expires_at = clock_timestamp() WHERE id = $1',
      [requestId],
    );
    const answer = await world.check(requestId, code, 'right', world.cluster.instances[checker]);
    expect([answer?.status, answer?.body['code']]).toEqual([410, 'expired']);
    const seen = await world.read(requestId, world.cluster.instances[checker]);
    expect(seen?.body['status']).toBe('EXPIRED');
  });

  it('the very moment is the same on all of them', async () => {
    const { requestId, code } = await startedBy(0);
    await world.sql.query(
      `UPDATE otp_verification_requests SET expires_at = clock_timestamp() + interval '700 ms', attempts = 0 WHERE id = $1`,
      [requestId],
    );
    const { rows } = await world.sql.query<{ at: Date }>(
      'SELECT expires_at AS at FROM otp_verification_requests WHERE id = $1',
      [requestId],
    );
    // From before the moment until after it, every instance is asked for the state, and the code comes right after.
    while (Date.now() <= rows[0]!.at.getTime()) {
      await times(3, (index) => world.read(requestId, world.cluster.instances[index]));
    }
    const answers = await times(30, (index) =>
      world.check(requestId, code, 'right', world.cluster.instances[index % 3]),
    );
    expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([410]));
  });
});
