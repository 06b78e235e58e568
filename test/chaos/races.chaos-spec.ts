import { freshNumber, wrongCode } from '../support/application.js';
import { startWorld, type World } from '../support/chaos-world.js';
import { times } from '../support/times.js';

const ROUNDS = 20;
const PARALLEL = 200;

describe('races over three instances', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());
  // Whatever a round did, the whole history must be sound.
  afterEach(async () => expect(await world.violations()).toEqual([]));

  const started = async () => {
    const phoneNumber = freshNumber();
    const answer = await world.start(phoneNumber);
    expect(answer?.status).toBe(200);
    const providerId = world.sandbox.ledger(phoneNumber)[0]!.providerRequestId;
    return {
      requestId: answer!.body['requestId'] as string,
      code: world.codeFor(phoneNumber)!,
      phoneNumber,
      providerId,
    };
  };

  it(`${PARALLEL} parallel wrong codes reach the provider at most 3 times`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { requestId, code, providerId } = await started();
      const answers = await times(PARALLEL, () => world.check(requestId, wrongCode(code), 'wrong'));
      expect(answers.filter((answer) => !answer || answer.status === 200)).toEqual([]);
      // And however often one goes on afterwards, on whatever instance.
      for (let i = 0; i < 6; i += 1) await world.check(requestId, wrongCode(code), 'wrong');
      expect(world.sandbox.calls().checksByRequest[providerId]).toBe(3);
    }
  }, 300_000);

  it(`${PARALLEL} parallel right codes are accepted exactly once`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { requestId, code, providerId } = await started();
      const answers = await times(PARALLEL, () => world.check(requestId, code, 'right'));
      expect(answers.filter((answer) => answer?.status === 200)).toHaveLength(1);
      expect(world.words.matched).toContain(providerId);
    }
  }, 300_000);

  it(`${PARALLEL} parallel starts for one number send one message`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const phoneNumber = freshNumber();
      const answers = await times(PARALLEL, () => world.start(phoneNumber));
      expect(answers.every((answer) => answer?.status === 200)).toBe(true);
      expect(new Set(answers.map((answer) => answer!.body['requestId'])).size).toBe(1);
      expect(world.sandbox.ledger(phoneNumber)).toHaveLength(1);
    }
  }, 300_000);
});
