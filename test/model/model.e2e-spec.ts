import fc from 'fast-check';
import { JournalVerifier, TRANSITIONS } from '../../src/index.js';
import { sealEverything } from '../support/seal.js';
import type { Command } from './commands.js';
import { Instances } from './instances.js';
import { KNOWN } from './known.js';
import { ProviderTruth } from './provider-truth.js';
import { ALTERED_JOURNAL, SABOTAGES } from './sabotage.js';
import { runSequence, sequences } from './sequence.js';

// MODEL_RUNS=2000 npx jest test/model: the long run. What fails is reported with a seed, a path and the commands; the
// same again: MODEL_SEED, MODEL_PATH, and MODEL_REPLAY for the replayPath in the commands.
const { MODEL_RUNS = '60', MODEL_SEED, MODEL_PATH, MODEL_REPLAY } = process.env;
const APIS = ['v2', 'v1'] as const;
const RUNS = Math.ceil(Number(MODEL_RUNS) / APIS.length);
/** A sequence takes a fraction of this; the rest is for shrinking one that fails. */
const MS_PER_RUN = 4000;

describe.each(APIS)('any sequence of commands (%s)', (api) => {
  let instances: Instances;
  let truth: ProviderTruth;
  beforeAll(async () => {
    truth = new ProviderTruth();
    instances = await Instances.start({ VONAGE_VERIFY_API: api });
  });
  afterAll(async () => {
    await instances.close();
    truth.stop();
  });

  const verifyJournal = async () => {
    await sealEverything(instances.application);
    return (await instances.at(0).app.get(JournalVerifier).verify()).findings;
  };
  const run = (commands: Iterable<Command>) => runSequence(instances, truth, api, commands);

  it.each(KNOWN.map((commands) => [commands.join(', '), commands]))('%s', (_name, commands) => run(commands));

  it(
    `${RUNS} of them do what the model says and break no invariant`,
    async () => {
      await fc.assert(fc.asyncProperty(sequences(MODEL_REPLAY), run), {
        numRuns: RUNS,
        ...(MODEL_SEED ? { seed: Number(MODEL_SEED) } : {}),
        ...(MODEL_PATH ? { path: MODEL_PATH } : {}),
      });
      expect(await verifyJournal()).toEqual([]);
    },
    180_000 + RUNS * MS_PER_RUN,
  );

  it('change the status only as the lifecycle says', async () => {
    const { rows } = await instances.application.sql.query<{ from: string; to: string }>(
      `SELECT DISTINCT from_status AS "from", to_status AS "to" FROM otp_verification_events
        WHERE from_status <> to_status`,
    );
    const allowed = Object.entries(TRANSITIONS).flatMap(([from, events]) =>
      Object.values(events).map((to) => `${from} ${to}`),
    );
    expect(rows.filter(({ from, to }) => !allowed.includes(`${from} ${to}`))).toEqual([]);
    expect(rows.map(({ from, to }) => `${from} ${to}`)).toEqual(
      expect.arrayContaining(['SENDING PENDING', 'PENDING VERIFIED']),
    );
  });

  it.each(SABOTAGES)('notices when %s', async (_name, commands, complaint) => {
    await expect(run(commands)).rejects.toThrow(complaint);
  });

  it('notices when the journal is altered', async () => {
    await run(ALTERED_JOURNAL);
    expect(await verifyJournal()).toContainEqual(expect.objectContaining({ kind: 'altered', number: 1 }));
  });
});
