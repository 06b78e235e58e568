/**
 * Runs before the application (`--import`): makes its process behave badly while `BAD_PROCESS` names an existing file that says
 * how, `memory` or `blocked`. Timers of five minutes and more fire after two seconds, so that what is done once a day is seen in a drill.
 */
import { readFileSync } from 'node:fs';

const FIVE_MINUTES_MS = 300_000;
const SOON_MS = 2000;
const BLOCKED_MS = 650;
const FREE_MS = 250;
const MEMORY = 1_100_000_000;

const setRealTimeout = globalThis.setTimeout;
globalThis.setTimeout = Object.assign(
  (work, ms, ...args) => setRealTimeout(work, ms >= FIVE_MINUTES_MS ? SOON_MS : ms, ...args),
  setRealTimeout,
);

let memory = null;
const behave = () => {
  let how = '';
  try {
    how = readFileSync(process.env.BAD_PROCESS, 'utf8');
  } catch {
    // No trouble now.
  }
  if (how.includes('memory')) memory ??= Buffer.alloc(MEMORY, 1);
  else memory = null;
  if (how.includes('blocked')) for (const until = performance.now() + BLOCKED_MS; performance.now() < until;);
};
setInterval(behave, BLOCKED_MS + FREE_MS).unref();
