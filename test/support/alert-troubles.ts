import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type AlertWorld, keepDoing } from './alert-world.js';
import { freshNumber, wrongCode } from './application.js';
import { times } from './times.js';
import { until } from './until.js';

/** Something that goes wrong, and the alerts that are about it. */
export interface Trouble {
  name: string;
  alerts: string[];
  /** Makes it. @returns what ends it */
  make(given: AlertWorld): Promise<() => unknown>;
}

/** Long enough for any alert in the time of a drill, on a busy machine. */
export const FIRES_WITHIN_MS = 180_000;

let numbers = 0;
const numberIn = (prefix: string) => prefix + String(10_000 + (numbers += 1));
const BRITISH = '+4474001';
const FRENCH = '+336123';

/** Somebody's session with the database that has done this and does not end. */
const openSession = async ({ postgres }: AlertWorld, statement: string) => {
  const client = new pg.Client({ connectionString: postgres.adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  await client.query(statement);
  return () => client.end();
};

/** What the sandbox answers from now on. */
const fault = async ({ world }: AlertWorld, spec: object) => {
  await world.fault({ times: 'always', ...spec });
  return () => fetch(`${world.sandbox.url}/faults`, { method: 'DELETE' });
};

const untilFiring = (given: AlertWorld, alert: string) =>
  until(async () => (await given.prometheus.firing()).has(alert), {
    what: `${alert} fires`,
    withinMs: FIRES_WITHIN_MS,
  });

/** Somebody without the message tries codes. */
async function guess({ world }: AlertWorld): Promise<void> {
  const phoneNumber = freshNumber();
  const started = await world.start(phoneNumber);
  const code = world.codeFor(phoneNumber);
  if (started?.status !== 200 || !code) return;
  for (let i = 0; i < 3; i += 1)
    await world.check(started.body['requestId'] as string, wrongCode(code), 'wrong');
}

export const TROUBLES: Trouble[] = [
  {
    // First, because it is about a difference from the calm before.
    name: 'far more people than before, and more than the account of the provider allows',
    alerts: ['OtpMessagesSurge', 'OtpPaceExceeded'],
    make: async (given) => keepDoing(5000, () => times(150, () => given.flow())),
  },
  {
    name: 'fraud, guesses, and a budget that is used up',
    alerts: ['OtpLimitNearlyUsed', 'OtpLimitUsedUp', 'OtpConversionLow', 'OtpWrongCodes'],
    async make(given) {
      const { start } = given.world;
      await times(50, () => start(numberIn(FRENCH)));
      const guesses = keepDoing(500, () => guess(given));
      await times(85, () => start(numberIn(BRITISH)));
      await untilFiring(given, 'OtpLimitNearlyUsed');
      const toBritain = keepDoing(500, () => start(numberIn(BRITISH)));
      return () => Promise.all([guesses(), toBritain()]);
    },
  },
  {
    name: 'the provider refuses our credentials',
    alerts: ['OtpProviderRefusesUs'],
    make: (given) => fault(given, { kind: 'status', status: 401, operation: 'start' }),
  },
  {
    name: 'the provider is unavailable',
    alerts: ['OtpProviderFails', 'OtpProviderBreakerOpen', 'OtpErrors'],
    async make(given) {
      given.world.network.mode({ kind: 'reset' });
      const people = keepDoing(500, () => given.flow());
      return () => {
        given.world.network.mode({ kind: 'pass' });
        return people();
      };
    },
  },
  {
    name: 'the provider is slow, and the process is blocked and takes memory',
    alerts: ['OtpProviderSlow', 'OtpSlow', 'OtpEventLoopBlocked', 'OtpMemoryHigh'],
    async make(given) {
      given.behave('memory blocked');
      const end = await fault(given, { kind: 'latency', latencyMs: 6500 });
      const people = keepDoing(1000, () => given.flow());
      return async () => {
        given.behave('');
        await end();
        await people();
      };
    },
  },
  {
    name: 'a table is locked',
    alerts: ['OtpPoolExhausted', 'OtpStatementsSlow', 'OtpStatementsFail'],
    async make(given) {
      const end = await openSession(given, 'LOCK TABLE otp_number_slots IN ACCESS EXCLUSIVE MODE');
      const people = keepDoing(1000, () => times(30, () => given.flow()));
      return async () => {
        await end();
        await people();
      };
    },
  },
  {
    name: 'the database is unavailable',
    alerts: ['OtpDatabaseDown'],
    async make({ postgres }) {
      postgres.network.mode({ kind: 'blackHole' });
      return () => postgres.network.mode({ kind: 'pass' });
    },
  },
  {
    name: 'Redis is unavailable',
    alerts: ['OtpRedisUnavailable'],
    async make({ redis }) {
      redis.kill();
      return () => redis.restart();
    },
  },
  {
    // Not all: while nothing gets through, no event uses up its tries.
    name: 'the receiver of the webhook refuses the events of one request',
    alerts: ['OtpWebhookBehind', 'OtpWebhookDeadLetters'],
    async make({ receiver, world }) {
      let refused: string | undefined;
      receiver.answer = ({ message: { data } }, response) => {
        refused ??= data.requestId;
        response.writeHead(data.requestId === refused ? 500 : 204).end();
      };
      return async () => {
        receiver.answer = (_delivery, response) => response.writeHead(204).end();
        // What an administrator does at /admin/dead-letters.
        await world.sql.query('DELETE FROM otp_event_deliveries WHERE dead_at IS NOT NULL');
      };
    },
  },
  {
    name: 'a session of the database never ends its transaction, and another one holds the readers of the journal',
    alerts: ['OtpJournalNotSealed', 'OtpEventsNotPublished'],
    async make(given) {
      const open = await openSession(given, 'SELECT pg_current_xact_id()');
      const lock = await openSession(
        given,
        "SELECT FROM otp_journal_cursors WHERE reader <> 'seal' FOR UPDATE",
      );
      return () => Promise.all([open(), lock()]);
    },
  },
  {
    name: 'old rows cannot be deleted',
    alerts: ['OtpRetentionFails', 'OtpBackgroundJobFails'],
    async make({ world: { sql } }) {
      await sql.query('ALTER TABLE otp_step_up_grants RENAME TO gone');
      return () => sql.query('ALTER TABLE gone RENAME TO otp_step_up_grants');
    },
  },
  {
    name: 'an instance is killed',
    alerts: ['OtpInstanceDown'],
    async make({ world: { cluster } }) {
      await cluster.kill(1);
      return () => cluster.instances[1]!.start();
    },
  },
  {
    name: 'an instance is killed again and again',
    alerts: ['OtpRestarting'],
    async make(given) {
      const { cluster } = given.world;
      while (!(await given.prometheus.firing()).has('OtpRestarting')) {
        await cluster.restart(1);
        // Until Prometheus has seen this life.
        await sleep(2500);
      }
      return () => undefined;
    },
  },
];
