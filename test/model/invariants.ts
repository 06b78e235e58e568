import type { ProviderRequest } from '../../src/sandbox/verification-request.js';
import { ROW_STATES, rowState } from './row-states.js';
import type { Row, Rows } from './rows.js';
import type { World } from './world.js';

const PROVIDER_CHECKS = 3;
const MAX_SENDS = 3;
const WRONG_BEFORE_WAIT = 5;
const FIRST_WAIT_MS = 30_000;

const isTerminal = ({ status }: Row) => status !== 'SENDING' && status !== 'PENDING';

/**
 * What holds whatever happens: judged by the provider's records, the rows and the answers alone. The model has no say.
 * @param before the rows when it was last asked
 * @returns a line for each that is broken
 */
export function violations(rows: Rows, before: Rows | null, world: World): string[] {
  return [
    ...acceptedOnce(world),
    ...rowsInTheTable(rows),
    ...onlyForward(rows, before),
    ...checksWithinCap(rows, world),
    ...messagesWithinAllowance(rows, world),
    ...verifiedByProvider(rows, world),
    ...oneLiveRequest(rows, world),
    ...waitsBetweenGuesses(world),
  ];
}

/** docs/lifecycle.md lists every combination of status, leases and doubt. */
function rowsInTheTable({ requests }: Rows): string[] {
  return requests
    .map(({ status, isSending, claimed, inDoubt }) => rowState(status, isSending, claimed, inDoubt))
    .filter((state) => !ROW_STATES.has(state))
    .map((state) => `a row is in no state of docs/lifecycle.md: ${state}`);
}

function acceptedOnce({ acceptances }: World): string[] {
  return [...acceptances]
    .filter(([, count]) => count > 1)
    .map(([id, count]) => `request ${id} was accepted ${count} times`);
}

/** Terminal states never leave, spent attempts and the journal never shrink, no request disappears. */
function onlyForward({ requests }: Rows, before: Rows | null): string[] {
  return (before?.requests ?? []).flatMap((old) => {
    const row = requests.find(({ id }) => id === old.id);
    if (!row) return [`request ${old.id} disappeared`];
    return [
      ...(isTerminal(old) && row.status !== old.status
        ? [`request ${old.id} left ${old.status} for ${row.status}`]
        : []),
      ...(row.attempts < old.attempts
        ? [`attempts of request ${old.id} fell from ${old.attempts} to ${row.attempts}`]
        : []),
      ...(row.events < old.events ? [`the journal of request ${old.id} was shortened`] : []),
    ];
  });
}

function checksWithinCap({ requests }: Rows, { instances }: World): string[] {
  const { checksByRequest } = instances.application.sandbox.calls();
  return [
    ...Object.entries(checksByRequest)
      .filter(([, count]) => count > PROVIDER_CHECKS)
      .map(([id, count]) => `the provider was asked ${count} times about ${id}`),
    ...requests
      .filter(({ attempts, maxAttempts }) => attempts > maxAttempts)
      .map(({ id, attempts }) => `request ${id} has ${attempts} attempts`),
  ];
}

function messagesWithinAllowance({ requests }: Rows, world: World): string[] {
  return world.phones.flatMap((_, number) => {
    const sends = requests.filter((row) => row.number === number).map((row) => row.sends);
    const allowed = sends.reduce((sum, each) => sum + each, 0);
    const messages = world.messages(number).length;
    return [
      ...(messages > allowed ? [`${messages} messages to number ${number}, ${allowed} were allowed`] : []),
      ...(sends.some((each) => each > MAX_SENDS)
        ? [`a request of number ${number} counts too many messages`]
        : []),
      ...world
        .messagesByRequest(number)
        .filter(({ count }) => count > MAX_SENDS)
        .map(({ id, count }) => `${count} messages for request ${id}`),
    ];
  });
}

/** A request is verified only if the provider matched a code for it, and one match verifies one request. */
function verifiedByProvider({ requests }: Rows, world: World): string[] {
  const used = new Set<string>();
  return requests
    .filter(({ status }) => status === 'VERIFIED')
    .flatMap(({ id, number, providerId }) => {
      const said = world.atProvider(number).find((each) => each.id === providerId);
      const isUsed = providerId !== null && used.has(providerId);
      used.add(providerId ?? '');
      return [
        ...(said?.status === 'success'
          ? []
          : [`request ${id} is verified, the provider says ${said?.status}`]),
        ...(isUsed ? [`the match of ${providerId} verified two requests`] : []),
      ];
    });
}

function oneLiveRequest({ requests }: Rows, world: World): string[] {
  return world.phones.flatMap((_, number) => {
    const live = requests.filter((row) => row.number === number && !isTerminal(row) && row.isInTime);
    return live.length > 1 ? [`number ${number} has ${live.length} live requests`] : [];
  });
}

/**
 * After five wrong codes in a row no further guess reaches the provider within 30 seconds, doubled by each. A code whose
 * check died with its instance is counted when the request is next dealt with, so it may be missing here.
 */
function waitsBetweenGuesses(world: World): string[] {
  return world.phones.flatMap((_, number) => {
    const guesses = world.atProvider(number).flatMap((request: ProviderRequest) => request.checks);
    let wrong = -world.diedWith[number]!;
    return guesses.flatMap(({ at, valid }, index) => {
      const over = wrong - WRONG_BEFORE_WAIT;
      const waited = at - (guesses[index - 1]?.at ?? at);
      wrong = (valid ? -world.diedWith[number]! : wrong) + (valid ? 0 : 1);
      return over >= 0 && waited < FIRST_WAIT_MS * 2 ** over
        ? [
            `number ${number} had ${over + WRONG_BEFORE_WAIT} wrong codes, and the next guess ${waited} ms later`,
          ]
        : [];
    });
  });
}
