import fc from 'fast-check';
import {
  A_LIFETIME,
  A_WHILE,
  Cancel,
  Check,
  type Command,
  LoseNextAnswer,
  Look,
  Pass,
  Reconcile,
  Resend,
  Start,
} from './commands.js';
import { type Doing, Kill, Restart } from './commands-deaths.js';
import { BothCheckRight, BothStart, CheckAgainstCancel } from './commands-races.js';
import type { Instances } from './instances.js';
import type { ProviderTruth } from './provider-truth.js';
import type { Death } from './rules.js';
import { readRows } from './rows.js';
import type { State } from './state.js';
import { Trial } from './trial.js';
import { World } from './world.js';

export const NUMBERS = 2;
/** About half of them find nothing to be done on, and are left out. */
const MOST_COMMANDS = 50;

/** Mostly the first: only what many commands meet gets anywhere. */
const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { arbitrary: fc.constant(usual), weight: 5 },
    ...others.map((other) => ({ arbitrary: fc.constant(other), weight: 1 })),
  );
const number = mostly(0, 1);
const via = fc.nat({ max: 1 });
const target = fc.record({ number, age: mostly(0, 1), stranger: mostly(false, true), via });
const channel = fc.constantFrom('sms' as const, 'voice' as const);
const afterEffect = fc.boolean();

const deaths: fc.Arbitrary<[Doing, Death]> = fc.oneof(
  fc.tuple(
    fc.constant<Doing>({ what: 'start' }),
    fc.record({ at: fc.constant('start' as const), afterEffect }),
  ),
  fc.tuple(
    fc.constantFrom<Doing>({ what: 'check-right' }, { what: 'check-wrong' }),
    fc.record({ at: fc.constant('check' as const), afterEffect }),
  ),
  fc.tuple(
    channel.map<Doing>((channel) => ({ what: 'resend', channel })),
    fc.record({ at: fc.constantFrom('cancel' as const, 'start' as const), afterEffect }),
  ),
);

type Weighted = [weight: number, command: fc.Arbitrary<Command>];
const start: Weighted = [8, fc.record({ number, caller: mostly(0, 1), via }).map((on) => new Start(on))];
const checkWrong: Weighted = [12, target.map((on) => new Check(on, false))];
const resend: Weighted = [8, fc.tuple(target, channel).map(([on, by]) => new Resend(on, by))];
const passAWhile: Weighted = [9, fc.constant(new Pass(A_WHILE))];
const kill: Weighted = [
  3,
  fc.tuple(target, deaths).map(([on, [doing, death]]) => new Kill(on, doing, death)),
];

/** Wrong codes in a row grow large only where nobody does much else. */
const guessing: Weighted[] = [start, checkWrong, resend, passAWhile, kill];
const everything: Weighted[] = [
  ...guessing,
  [3, target.map((on) => new Check(on, true))],
  [2, target.map((on) => new Cancel(on))],
  [1, target.map((on) => new Look(on))],
  [1, fc.constant(new Pass(A_LIFETIME))],
  [
    4,
    fc
      .tuple(number, fc.constantFrom('start', 'check', 'cancel'), fc.constantFrom('reset', 'lost-answer'))
      .map(([on, operation, kind]) => new LoseNextAnswer(on, operation, kind)),
  ],
  [3, via.map((by) => new Reconcile(by))],
  [1, fc.constant(new Restart())],
  [1, target.map((on) => new BothCheckRight(on))],
  [1, target.map((on) => new CheckAgainstCancel(on))],
  [1, number.map((on) => new BothStart(on))],
];

/** Sequences of commands. @param replayPath of a failure that fast-check has reported */
export function sequences(replayPath?: string): fc.Arbitrary<Iterable<Command>> {
  const of = (weighted: Weighted[]) =>
    fc.commands(
      weighted.flatMap(([weight, command]) => Array.from({ length: weight }, () => command)),
      { maxCommands: MOST_COMMANDS, size: 'max', ...(replayPath ? { replayPath } : {}) },
    );
  return fc.noBias(
    fc.oneof({ arbitrary: of(everything), weight: 5 }, { arbitrary: of(guessing), weight: 1 }),
  );
}

/** Runs one sequence on fresh numbers, then lets everything come to its end. @throws Error at the first thing that is wrong */
export async function runSequence(
  instances: Instances,
  truth: ProviderTruth,
  api: State['api'],
  commands: Iterable<Command>,
): Promise<void> {
  await instances.restart();
  const world = new World(instances, truth, NUMBERS);
  const trial = new Trial(world, api);
  try {
    await fc.asyncModelRun(() => ({ model: trial, real: world }), commands);
    await finish(trial, world);
  } catch (error) {
    await world.bury();
    throw error;
  }
}

/** Nobody does anything any more: whatever was lost is found, and in the end everything is over. */
async function finish(trial: Trial, world: World): Promise<void> {
  await world.clearFaults();
  for (const each of trial.state.numbers) each.faults = {};
  await new Pass(A_WHILE).run(trial, world);
  await new Reconcile(0).run(trial, world);
  const found = await readRows(world);
  if (found.requests.some(({ status }) => status === 'SENDING'))
    throw new Error('a message was not found again');
  await new Pass(A_LIFETIME).run(trial, world);
  await new Reconcile(0).run(trial, world);
  const over = await readRows(world);
  const open = over.requests.filter(({ status }) => status === 'SENDING' || status === 'PENDING');
  if (open.length > 0) throw new Error(`${open.length} requests never end`);
}
