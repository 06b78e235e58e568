import { A_WHILE, Cancel, Check, type Command, Pass, Resend, Start, type Target } from './commands.js';
import type { Trial } from './trial.js';
import type { World } from './world.js';

const on: Target = { number: 0, age: 0, stranger: false, via: 0 };
const startBy = (caller: number) => new Start({ number: 0, caller, via: 0 });
const wrong = new Check(on, false);
const aWhile = new Pass(A_WHILE);
const resend = new Resend(on, 'sms');

/** Breaks a rule behind the application's back: `$1` are the fingerprints of the sequence's numbers. */
export class Sabotage implements Command {
  constructor(private readonly sql: string) {}

  check = () => true;

  async run(_trial: Trial, world: World): Promise<void> {
    await world.sealJournal();
    await world.sabotage(this.sql);
  }

  toString = () => `Sabotage(${this.sql})`;
}

const requests = (change: string) =>
  new Sabotage(`UPDATE otp_verification_requests SET ${change} WHERE phone_fingerprint = ANY($1)`);
const guards = (change: string) =>
  new Sabotage(`UPDATE otp_number_slots SET ${change} WHERE phone_fingerprint = ANY($1)`);

/** Alone of all it is no affair of the invariants: the verification of the journal has to find it. */
export const ALTERED_JOURNAL: Command[] = [
  startBy(0),
  new Sabotage(
    `UPDATE otp_verification_events SET actor = 'nobody' WHERE number = 1 AND request_id IN
       (SELECT id FROM otp_verification_requests WHERE phone_fingerprint = ANY($1))`,
  ),
];

/** What is broken, how, and which invariant has to say so: not the model, which would notice all of it. */
export const SABOTAGES: [name: string, commands: Command[], complaint: RegExp][] = [
  [
    'attempts are forgotten',
    [startBy(0), wrong, wrong, requests('attempts = 0'), wrong],
    /BROKEN: attempts of request \S+ fell from 2 to/,
  ],
  [
    'a number forgets its live request',
    [startBy(0), guards('live_request_id = NULL, live_until = NULL'), startBy(1)],
    /BROKEN: number 0 has 2 live requests/,
  ],
  [
    'wrong codes in a row are forgotten',
    [
      startBy(0),
      wrong,
      wrong,
      wrong,
      startBy(0),
      wrong,
      wrong,
      guards('wrong_codes = 0, wait_until = NULL'),
      wrong,
    ],
    /BROKEN: number 0 had 5 wrong codes, and the next guess \d+ ms later/,
  ],
  [
    'messages are not counted',
    [startBy(0), aWhile, resend, requests('sends = 1'), aWhile],
    /BROKEN: 2 messages to number 0, 1 were allowed/,
  ],
  [
    'a request is verified without the provider’s word',
    [startBy(0), requests(`status = 'VERIFIED', verified_at = now()`), aWhile],
    /BROKEN: request \S+ is verified, the provider says in-progress/,
  ],
  [
    'a cancelled request comes back',
    [startBy(0), aWhile, new Cancel(on), requests(`status = 'PENDING'`), aWhile],
    /BROKEN: request \S+ left CANCELLED for PENDING/,
  ],
];
