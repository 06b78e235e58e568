import { Injectable } from '@nestjs/common';
import { PersonalDataCipher } from '../../crypto/index.js';
import { addressBucket, Problem } from '../../http/index.js';
import { maskPhoneNumber } from '../../verification/index.js';
import { pageLinks } from '../pagination.js';
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
import { AdminPaths } from '../access/admin-paths.js';
import { UserNames } from '../access/user-names.js';
import { NumberTokens } from './number-token.js';
import { type DecisionRow, type EventRow, TimelineRepository } from './timeline.repository.js';

const HISTORY = '/verifications';

/** What happened to a number, a user, a country, and to one request. */
@Injectable()
export class History {
  constructor(
    private readonly repository: HistoryRepository,
    private readonly timelines: TimelineRepository,
    private readonly numbers: NumberTokens,
    private readonly paths: AdminPaths,
    private readonly cipher: PersonalDataCipher,
    private readonly names: UserNames,
  ) {}

  /** A page of verifications, the newest first. */
  async list(query: HistoryQueryDto): Promise<HistoryResource> {
    const { filter, shown } = this.filterOf(query);
    const page = await narrowed(this.repository.page(filter, query));
    const names = await this.names.of(page.items.map(({ userId }) => userId));
    return {
      items: page.items.map((row) => HistoryItemResource.of(row, names.get(row.userId ?? '') ?? null)),
      ...pageLinks(this.paths.at(HISTORY), shown, page, ({ id }) => id),
    };
  }

  /** The filters as the database takes them, and as an address may show them. */
  filterOf(query: HistoryQueryDto | ExportDto): {
    filter: HistoryFilter;
    shown: Record<string, string | undefined>;
  } {
    const { from, to, number, address, status, country, channel, purpose, user, requestId, reason } = query;
    const { providerRequestId } = query;
    const known = number === undefined ? null : this.numbers.read(number);
    const texts = { status, country, channel, purpose, user, requestId, providerRequestId, reason };
    const bucket = address === undefined ? undefined : addressBucket(address);
    return {
      filter: {
        ...texts,
        from,
        to,
        fingerprints: known?.fingerprints,
        address: bucket,
      },
      shown: {
        ...texts,
        from: from?.toISOString(),
        to: to?.toISOString(),
        number: known?.token,
        address,
      },
    };
  }

  /** The requests of a number, as somebody typed it. */
  ofNumber(phoneNumber: string, country?: string): Promise<HistoryResource> {
    return this.list({ number: this.numbers.of(phoneNumber, country) });
  }

  /** The address of a number's history; it does not show the number. */
  pathOf(phoneNumber: string, country?: string): string {
    return `${this.paths.at(HISTORY)}?${new URLSearchParams({ number: this.numbers.of(phoneNumber, country) })}`;
  }

  /** One request with its timeline and the decisions on it; null when there is none. */
  async request(id: string): Promise<RequestResource | null> {
    const row = await this.repository.find(id);
    if (!row) return null;
    const events = await this.timelines.events(id);
    const decisions = await this.timelines.decisions(id);
    const names = await this.names.of([row.userId]);
    const timeline = [...events.map(eventEntry), ...decisions.map(decisionEntry)];
    return {
      request: HistoryItemResource.of(row, names.get(row.userId ?? '') ?? null),
      timeline: timeline.sort((one, other) => one.at.localeCompare(other.at)),
      decisions: decisions.map(decisionResource),
    };
  }

  /** A page of decisions about starts, the newest first. */
  async decisions(query: DecisionQueryDto): Promise<DecisionsResource> {
    const { from, to, number, user, address, rule, outcome } = query;
    const known = number === undefined ? null : this.numbers.read(number);
    const page = await narrowed(
      this.timelines.page(
        {
          from,
          to,
          rule,
          outcome,
          users: user === undefined ? undefined : this.cipher.userFingerprints(user),
          addresses:
            address === undefined ? undefined : this.cipher.addressFingerprints(addressBucket(address)),
          fingerprints: known?.fingerprints,
        },
        query,
      ),
    );
    const shown = {
      from: from?.toISOString(),
      to: to?.toISOString(),
      user,
      rule,
      outcome,
      address,
      number: known?.token,
    };
    return {
      items: page.items.map(decisionResource),
      ...pageLinks(this.paths.at('/decisions'), shown, page, ({ id }) => id),
    };
  }
}

/** Filters that match too few rows take too long. Ask for a date range. */
async function narrowed<T>(search: Promise<T>): Promise<T> {
  try {
    return await search;
  } catch (error) {
    if (isTooSlow(error)) throw Problem.invalidInput('history', [{ field: 'from', code: 'too-wide' }]);
    throw error;
  }
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
