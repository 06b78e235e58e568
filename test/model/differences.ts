import { NEW_ID } from './provider-model.js';
import type { Row, Rows } from './rows.js';
import type { RequestState, State } from './state.js';
import type { World } from './world.js';

/** Fills in what only the database and the provider can tell: the ids of what was just made. */
export function bindIds(state: State, { requests }: Rows, world: World): void {
  const known = new Set(state.requests.map(({ id }) => id));
  for (const request of state.requests) {
    request.id ??= requests.find((row) => row.number === request.number && !known.has(row.id))?.id ?? null;
    known.add(request.id);
    if (request.providerId === NEW_ID)
      request.providerId = world.atProvider(request.number).at(-1)?.id ?? null;
  }
}

/** Where the database or the provider's ledger is not what the model says; one line each. */
export function differences(state: State, { requests, guards }: Rows, world: World): string[] {
  const lines: string[] = [];
  const same = (what: string, actual: unknown, expected: unknown) => {
    if (actual !== expected) lines.push(`${what} is ${String(actual)}, and should be ${String(expected)}`);
  };
  same('the number of requests', requests.length, state.requests.length);
  for (const [index, request] of state.requests.entries()) {
    const row = requests.find(({ id }) => id === request.id);
    if (!row) {
      lines.push(`request ${index} is not in the database`);
      continue;
    }
    for (const [name, [actual, expected]] of Object.entries(fieldsOf(row, request)))
      same(`${name} of request ${index}`, actual, expected);
  }
  for (const [number, { wrong, live, messages }] of state.numbers.entries()) {
    const guard = guards.find((each) => each.number === number);
    same(`wrong codes in a row of number ${number}`, guard?.wrong ?? 0, wrong);
    const holder = live === null ? null : state.requests[live]!.id;
    same(`the live request of number ${number}`, guard?.live ?? null, holder);
    same(`messages to number ${number}`, world.messages(number).length, messages);
  }
  return lines;
}

const fieldsOf = (row: Row, request: RequestState): Record<string, [unknown, unknown]> => ({
  status: [row.status, request.status],
  reason: [row.reason, request.reason],
  attempts: [row.attempts, request.attempts],
  sends: [row.sends, request.sends],
  channel: [row.channel, request.channel],
  'id at the provider': [row.providerId, request.providerId],
  'message under way': [row.isSending, request.sendLeaseUntil !== null],
  'check under way': [row.claimed, request.claimed],
  'lost check': [row.inDoubt, request.inDoubt],
});
