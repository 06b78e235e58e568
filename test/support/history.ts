import type { LedgerEntry } from '../../src/sandbox/ledger.js';
import type { RowVersion } from './row-log.js';

/** One call on the application, as its caller saw it. Times are milliseconds since the epoch. */
export interface Operation {
  kind: 'start' | 'check' | 'resend' | 'cancel' | 'read';
  instance: number;
  phoneNumber?: string;
  requestId?: string;
  code?: 'right' | 'wrong';
  invokedAt: number;
  /** Absent, as the status is: there was no answer. */
  answeredAt?: number;
  status?: number;
  problem?: string;
}

/** Everything that is known of a run, from those who cannot be wrong about it. */
export interface Evidence {
  operations: readonly Operation[];
  /** What the provider sent. */
  ledger: readonly Pick<LedgerEntry, 'to' | 'providerRequestId'>[];
  /** What the provider was asked, by its own ids. */
  checksByRequest: Readonly<Record<string, number>>;
  /** The provider's ids of requests for which it said that the code was right. */
  matched: ReadonlySet<string>;
  /** Every state that every row was in, oldest first. */
  versions: readonly RowVersion[];
  /** By the database's clock, not before the last version. */
  now: Date;
}

export interface Allowed {
  messagesPerNumber: number;
  checksPerRequest: number;
  sendingSeconds: number;
  /** The provider refused to judge, or was known to be away: then attempts come back. */
  attemptsGivenBack: boolean;
}

const DEFAULTS: Allowed = {
  messagesPerNumber: 1,
  checksPerRequest: 3,
  sendingSeconds: 30,
  attemptsGivenBack: false,
};
const TERMINAL = new Set(['VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED']);

/** Keeps the operations of a run, in the order in which they were invoked. */
export class History {
  readonly operations: Operation[] = [];

  /** @returns the same operation, to be completed with its answer */
  invoke(operation: Omit<Operation, 'invokedAt'>): Operation {
    const invoked = { ...operation, invokedAt: Date.now() };
    this.operations.push(invoked);
    return invoked;
  }
}

type Rule = (evidence: Evidence, allowed: Allowed) => string[];

const acceptedOnce: Rule = ({ operations }) =>
  [...group(operations.filter(isAcceptance), ({ requestId }) => requestId!)]
    .filter(([, all]) => all.length > 1)
    .map(
      ([id, all]) =>
        `request ${id} was accepted ${all.length} times, by the instances ${all.map(({ instance }) => instance).join(', ')}`,
    );

const rightCodesOnly: Rule = ({ operations }) =>
  operations
    .filter((operation) => isAcceptance(operation) && operation.code === 'wrong')
    .map(
      ({ requestId, instance }) =>
        `a wrong code was accepted for request ${requestId} by instance ${instance}`,
    );

const acceptedInTime: Rule = ({ operations, versions }) => {
  const rows = lastVersions(versions);
  return operations.filter(isAcceptance).flatMap(({ requestId, instance, invokedAt }) => {
    const late = invokedAt - (rows.get(requestId!)?.expiresAt.getTime() ?? Infinity);
    return late > 0
      ? [`request ${requestId} was accepted by instance ${instance} ${late} ms after it had expired`]
      : [];
  });
};

const answersAreKept: Rule = ({ operations, versions }) => {
  const rows = lastVersions(versions);
  return operations.flatMap((operation) => {
    const { kind, requestId, instance, status } = operation;
    if (status !== 200 || !requestId) return [];
    const row = rows.get(requestId);
    if (!row)
      return [`instance ${instance} answered a ${kind} for request ${requestId}, which does not exist`];
    return isAcceptance(operation) && row.status !== 'VERIFIED'
      ? [`request ${requestId} was accepted by instance ${instance} but is ${row.status}`]
      : [];
  });
};

const providerSaidSo: Rule = ({ versions, matched }) =>
  [...lastVersions(versions.filter(({ status }) => status === 'VERIFIED')).values()]
    .filter(({ providerRequestId }) => providerRequestId === null || !matched.has(providerRequestId))
    .map(({ requestId }) => `request ${requestId} is VERIFIED, and the provider never said so`);

const checksAreFew: Rule = ({ checksByRequest }, { checksPerRequest }) =>
  Object.entries(checksByRequest)
    .filter(([, checks]) => checks > checksPerRequest)
    .map(([id, checks]) => `the provider was asked ${checks} times about the code of its request ${id}`);

const checksAreCounted: Rule = ({ versions, checksByRequest }, { attemptsGivenBack }) =>
  attemptsGivenBack
    ? []
    : [...lastVersions(versions).values()].flatMap(({ requestId, providerRequestId, attempts }) => {
        const checks = checksByRequest[providerRequestId ?? ''] ?? 0;
        return checks > attempts
          ? [`request ${requestId} counts ${attempts} attempts, and the provider was asked ${checks} times`]
          : [];
      });

const attemptsStaySpent: Rule = ({ versions }, { attemptsGivenBack }) =>
  attemptsGivenBack
    ? []
    : changes(versions)
        .filter(([before, after]) => after.attempts < before.attempts)
        .map(
          ([before, after]) =>
            `the attempts of request ${after.requestId} went down from ${before.attempts} to ${after.attempts}`,
        );

const terminalIsTerminal: Rule = ({ versions }) =>
  changes(versions)
    .filter(([before, after]) => TERMINAL.has(before.status) && after.status !== before.status)
    .map(([before, after]) => `request ${after.requestId} went from ${before.status} to ${after.status}`);

const messagesAreFew: Rule = ({ ledger }, { messagesPerNumber }) =>
  [...group(ledger, ({ to }) => to)]
    .filter(([, messages]) => messages.length > messagesPerNumber)
    .map(([to, messages]) => `${messages.length} messages went to ${to}`);

const messagesAreKnown: Rule = ({ ledger, versions }) => {
  const known = new Set(versions.map(({ providerRequestId }) => providerRequestId));
  return ledger
    .filter(({ providerRequestId }) => !known.has(providerRequestId))
    .map(
      ({ to, providerRequestId }) =>
        `the message ${providerRequestId} to ${to} is lost: no request knows of it`,
    );
};

const sendingIsShort: Rule = ({ versions, now }, { sendingSeconds }) =>
  [...group(versions, ({ requestId }) => requestId)].flatMap(([id, states]) => {
    const since = states.find(({ status }) => status === 'SENDING');
    if (!since) return [];
    const until = states.find(({ status }) => status !== 'SENDING');
    const seconds = ((until?.at ?? now).getTime() - since.at.getTime()) / 1000;
    return seconds > sendingSeconds
      ? [`request ${id} ${until ? 'was' : 'has been'} in SENDING for ${seconds.toFixed(1)} s`]
      : [];
  });

const failuresAreForeseen: Rule = ({ operations }) =>
  operations
    .filter(({ status = 0 }) => status >= 500 && status !== 503)
    .map(({ kind, instance, status }) => `instance ${instance} answered a ${kind} with ${status}`);

const RULES: Rule[] = [
  acceptedOnce,
  rightCodesOnly,
  acceptedInTime,
  answersAreKept,
  providerSaidSo,
  checksAreFew,
  checksAreCounted,
  attemptsStaySpent,
  terminalIsTerminal,
  messagesAreFew,
  messagesAreKnown,
  sendingIsShort,
  failuresAreForeseen,
];

/** What must never happen but did, a sentence each. @param allowed where a run may do more than usual */
export function violationsOf(evidence: Evidence, allowed: Partial<Allowed> = {}): string[] {
  return RULES.flatMap((rule) => rule(evidence, { ...DEFAULTS, ...allowed }));
}

function isAcceptance({ kind, status, requestId }: Operation): boolean {
  return kind === 'check' && status === 200 && requestId !== undefined;
}

function group<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const members = groups.get(keyOf(one));
    if (members) members.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

const lastVersions = (versions: readonly RowVersion[]) =>
  new Map(versions.map((version) => [version.requestId, version]));

/** Every version with the one before it, of the same row. */
function changes(versions: readonly RowVersion[]): [RowVersion, RowVersion][] {
  return [...group(versions, ({ requestId }) => requestId).values()].flatMap((states) =>
    states.slice(1).map((after, index): [RowVersion, RowVersion] => [states[index]!, after]),
  );
}
