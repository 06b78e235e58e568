import {
  A_WHILE,
  Cancel,
  Check,
  type Command,
  LoseNextAnswer,
  Pass,
  Resend,
  Start,
  type Target,
} from './commands.js';
import { Kill } from './commands-deaths.js';
import { BothCheckRight } from './commands-races.js';

const on: Target = { number: 0, age: 0, stranger: false, via: 0 };
const start = new Start({ number: 0, caller: 0, via: 0 });
const resend = new Resend(on, 'sms');
const wrong = new Check(on, false);
const aWhile = new Pass(A_WHILE);
const times = (count: number, command: Command) => Array.from({ length: count }, () => command);

/** Sequences that once did not do what they should; tried before all others. */
export const KNOWN: Command[][] = [
  // A code whose check died with its instance counts, also if a further message follows.
  [start, new Kill(on, { what: 'check-wrong' }, { at: 'check', afterEffect: true }), aWhile, resend],
  // The last message that may be sent was lost: it can be asked for again soon, not only when the request is over.
  [
    start,
    aWhile,
    resend,
    aWhile,
    new LoseNextAnswer(0, 'start', 'lost-answer'),
    resend,
    resend,
    aWhile,
    resend,
  ],
  // A double click on the last attempt: nobody hears that the attempts are used up while the code is accepted.
  [start, wrong, wrong, new BothCheckRight(on)],
  // The same on the fifth wrong code of a number: nobody is asked to wait while the code is accepted.
  [start, ...times(3, wrong), aWhile, start, wrong, new BothCheckRight(on)],
  // Attached to a message that runs out sooner: the number is free as soon as that has.
  [
    start,
    ...times(8, aWhile),
    new LoseNextAnswer(0, 'cancel', 'reset'),
    new Cancel(on),
    start,
    aWhile,
    start,
  ],
];
