import { Injectable } from '@nestjs/common';
import { PersonalDataCipher } from '../../crypto/index.js';
import { addressBucket, Problem } from '../../http/index.js';
import { maskPhoneNumber } from '../../verification/index.js';
import { evaluatedResource } from '../policy/policy.dto.js';
import type { DecisionQueryDto } from './decisions.dto.js';
import type { ExportDto, HistoryQueryDto } from './history.dto.js';
import type { HistoryFilter } from './history.filter.js';
import { HistoryRepository, isTooSlow } from './history.repository.js';
import {
  type DecisionResource,
  type DecisionsResource,
  HistoryItemResource,
  type HistoryResource,
  type RequestResource,
  type TimelineEntryResource,
} from './history.resource.js';
import { NumberTokens } from './number-token.js';
import { type DecisionRow, type EventRow, TimelineRepository } from './timeline.repository.js';

const HISTORY = '/admin/verifications';

/** What happened to a number, a user, a country, and to one request. */
@Injectable()
export class History {
  constructor(
    private readonly repository: HistoryRepository,
    private readonly timelines: TimelineRepository,
    private readonly numbers: NumberTokens,
    private readonly cipher: PersonalDataCipher,
  ) {}

  async list(query: HistoryQueryDto): Promise<HistoryResource> {
    const { filter, shown } = this.filterOf(query);
    const { after, before } = query;
    const page = await narrowed(
      this.repository.page(filter, { ...(after ? { after } : {}), ...(before ? { before } : {}) }),
    );
    return {
      items: page.items.map((row) => HistoryItemResource.of(row)),
      ...linksOf(HISTORY, shown, page),
    };
  }

  /** The filters as the database takes them, and as an address may show them. */
  filterOf(query: HistoryQueryDto | ExportDto): {
    filter: HistoryFilter;
    shown: Record<string, string>;
  } {
    const { from, to, number, address, status, country, channel, purpose, user, requestId, reason } = query;
    const { providerRequestId } = query;
    const known = number === undefined ? null : this.numbers.read(number);
    const texts = { status, country, channel, purpose, user, requestId, providerRequestId, reason };
    const bucket = address === undefined ? undefined : addressBucket(address);
    return {
      filter: {
        ...(given(texts) as HistoryFilter),
        ...(from ? { from } : {}),
        ...(to ? { to } : {}),
        ...(known ? { fingerprints: known.fingerprints } : {}),
        ...(bucket ? { address: bucket } : {}),
      },
      shown: given({
        ...texts,
        from: from?.toISOString(),
        to: to?.toISOString(),
        number: known?.token,
        address,
      }),
    };
  }

  /** Where the history of a number is. */
  pathOf(phoneNumber: string, country?: string): string {
    return `${HISTORY}?${new URLSearchParams({ number: this.numbers.of(phoneNumber, country) })}`;
  }

  /** One request with its timeline and the decisions on it; null when there is none. */
  async request(id: string): Promise<RequestResource | null> {
    const row = await this.repository.find(id);
    if (!row) return null;
    const events = await this.timelines.events(id);
    const decisions = await this.timelines.decisions(id);
    const timeline = [...events.map(eventEntry), ...decisions.map(decisionEntry)];
    return {
      request: HistoryItemResource.of(row),
      timeline: timeline.sort((one, other) => one.at.localeCompare(other.at)),
      decisions: decisions.map(decisionResource),
    };
  }

  async decisions(query: DecisionQueryDto): Promise<DecisionsResource> {
    const { number, user, address, rule, outcome, after, before } = query;
    const known = number === undefined ? null : this.numbers.read(number);
    const page = await narrowed(
      this.timelines.page(
        {
          ...given({ rule, outcome }),
          ...(user ? { users: this.cipher.userFingerprints(user) } : {}),
          ...(address ? { addresses: this.cipher.addressFingerprints(addressBucket(address)) } : {}),
          ...(known ? { fingerprints: known.fingerprints } : {}),
        },
        { ...(after ? { after } : {}), ...(before ? { before } : {}) },
      ),
    );
    const shown = given({ user, rule, outcome, address, number: known?.token });
    return { items: page.items.map(decisionResource), ...linksOf('/admin/decisions', shown, page) };
  }
}

const given = (fields: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** Filters that match too few rows take too long. Ask for a date range. */
async function narrowed<T>(search: Promise<T>): Promise<T> {
  try {
    return await search;
  } catch (error) {
    if (isTooSlow(error)) throw Problem.invalidInput('history', [{ field: 'from', code: 'too-wide' }]);
    throw error;
  }
}

function linksOf(
  path: string,
  shown: Record<string, string>,
  { items, hasOlder, hasNewer }: { items: { id: string }[]; hasOlder: boolean; hasNewer: boolean },
): { next: string | null; previous: string | null } {
  const link = (cursor: Record<string, string>) => `${path}?${new URLSearchParams({ ...shown, ...cursor })}`;
  const [first, last] = [items[0], items.at(-1)];
  return {
    next: last && hasOlder ? link({ after: last.id }) : null,
    previous: first && hasNewer ? link({ before: first.id }) : null,
  };
}

const eventEntry = (event: EventRow): TimelineEntryResource => ({
  at: event.at.toISOString(),
  what: event.type,
  by: event.actor,
  status: event.status === 'SENDING' ? 'PENDING' : event.status,
  detail: event.providerStatus ?? event.reason,
  providerRequestId: event.providerRequestId,
  price: event.price,
  currency: event.currency,
});

const decisionEntry = ({ at, action, outcome, rule }: DecisionRow): TimelineEntryResource => ({
  at: at.toISOString(),
  what: 'decided',
  by: 'rules',
  status: null,
  detail: [action, outcome, rule].filter(Boolean).join(' '),
  providerRequestId: null,
  price: null,
  currency: null,
});

const decisionResource = ({
  at,
  country,
  lastDigits,
  rules,
  userFingerprint,
  addressFingerprint,
  ...decision
}: DecisionRow): DecisionResource => ({
  ...decision,
  at: at.toISOString(),
  phoneNumber: country === null ? null : maskPhoneNumber(country, lastDigits ?? ''),
  user: pseudonymOf(userFingerprint),
  address: pseudonymOf(addressFingerprint),
  rules: rules.map(evaluatedResource),
});

/** Short enough to be compared by eye. */
const pseudonymOf = (fingerprint: Buffer | null) => fingerprint?.toString('base64url').slice(0, 10) ?? null;
