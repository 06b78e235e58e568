import type { Vonage } from '@vonage/server-sdk';
import type {
  CancelOutcome,
  CheckOutcome,
  Fault,
  LookupOutcome,
  NextOutcome,
  StartOutcome,
} from '../outcomes.js';
import { readPrice } from '../price.js';
import { type StartRequest, VerificationProvider } from '../verification-provider.js';
import type { VonageConnection } from './connection.js';
import { fault, isProviderRequestId, outcomeOf } from './faults.js';
import { V1_LOCALES } from './locales.js';
import { VonageTransport } from './transport.js';

type StartParameters = Parameters<Vonage['verify']['start']>[0];

/** v1 answers 200 whatever happened; everything is in a string `status`. */
interface V1Answer {
  status?: unknown;
  request_id?: unknown;
  error_text?: unknown;
  network?: unknown;
  price?: unknown;
  currency?: unknown;
}

/** One text, one call: with several steps a regenerated code would give three fresh attempts. */
const WORKFLOWS = { sms: '6', voice: '7' } as const;

const SEARCH_STATUSES: Record<string, LookupOutcome> = {
  'IN PROGRESS': { outcome: 'pending' },
  SUCCESS: { outcome: 'verified' },
  FAILED: { outcome: 'failed' },
  EXPIRED: { outcome: 'expired' },
  CANCELLED: { outcome: 'cancelled' },
};

/** Verify v1 ("Legacy"). */
export class VonageV1Provider extends VerificationProvider {
  readonly name = 'vonage-v1';
  override readonly locales = V1_LOCALES;
  /** Vonage cancels nothing within 30 seconds. */
  override readonly holdsSeconds = 30;
  private readonly transport: VonageTransport;
  private readonly client: Vonage['verify'];

  constructor(private readonly options: VonageConnection & { brand: string }) {
    super();
    this.transport = new VonageTransport(options);
    this.client = this.transport.verify;
  }

  start(request: StartRequest): Promise<StartOutcome> {
    const parameters = {
      number: request.phoneNumber.slice(1),
      brand: request.brand ?? this.options.brand,
      codeLength: request.codeLength,
      pinExpiry: request.ttlSeconds,
      workflowId: WORKFLOWS[request.channel],
      ...(request.locale ? { lg: request.locale } : {}),
    } as unknown as StartParameters;
    return outcomeOf<StartOutcome>(async () => {
      const answer = (await this.client.start(parameters)) as V1Answer;
      const id = answer.request_id;
      switch (answer.status) {
        case '0':
          return isProviderRequestId(id)
            ? { outcome: 'started', providerRequestId: id }
            : fault('unknown-outcome', 'started without a request id');
        case '3':
          // Only the number comes from outside; any other invalid value is a bug of ours.
          return /\bnumber\b/i.test(String(answer.error_text))
            ? { outcome: 'destination-rejected', why: 'invalid' }
            : commonFault(answer);
        case '6':
          return { outcome: 'destination-rejected', why: 'unroutable' };
        case '7':
          return {
            outcome: 'fraud-blocked',
            ...(typeof answer.network === 'string' ? { network: answer.network.slice(0, 32) } : {}),
          };
        case '10':
          return {
            outcome: 'already-pending',
            ...(isProviderRequestId(id) ? { providerRequestId: id } : {}),
          };
        case '15':
          return { outcome: 'destination-rejected', why: 'unsupported' };
        default:
          return commonFault(answer);
      }
    });
  }

  check(providerRequestId: string, code: string): Promise<CheckOutcome> {
    return outcomeOf<CheckOutcome>(async () => {
      const answer = (await this.client.check(providerRequestId, code)) as V1Answer;
      switch (answer.status) {
        case '0':
          // A success that speaks of another request, or of none, is not ours.
          return answer.request_id === providerRequestId
            ? { outcome: 'matched', ...cost(answer) }
            : fault('unknown-outcome', 'status 0 for another request');
        case '6':
          return { outcome: 'gone' };
        case '16':
          return { outcome: 'mismatched' };
        case '17':
          return { outcome: 'exhausted' };
        default:
          return commonFault(answer);
      }
    });
  }

  cancel(providerRequestId: string): Promise<CancelOutcome> {
    return outcomeOf<CancelOutcome>(async () => {
      const answer = (await this.client.cancel(providerRequestId)) as V1Answer;
      if (answer.status === '0') return { outcome: 'cancelled' };
      if (answer.status === '6') return { outcome: 'gone' };
      if (answer.status === '19') {
        return { outcome: /first 30 seconds/i.test(String(answer.error_text)) ? 'too-early' : 'too-late' };
      }
      return commonFault(answer);
    });
  }

  next(providerRequestId: string): Promise<NextOutcome> {
    return outcomeOf<NextOutcome>(async () => {
      const answer = (await this.client.trigger(providerRequestId)) as V1Answer;
      if (answer.status === '0') return { outcome: 'sent' };
      if (answer.status === '6') return { outcome: 'gone' };
      if (answer.status === '19') return { outcome: 'no-more' };
      return commonFault(answer);
    });
  }

  override lookup(providerRequestId: string): Promise<LookupOutcome> {
    return outcomeOf<LookupOutcome>(async () => {
      const { status, ...answer } = (await this.client.search(providerRequestId)) as V1Answer;
      if (status === '101') return { outcome: 'unknown' };
      return SEARCH_STATUSES[String(status)] ?? commonFault({ ...answer, status });
    });
  }

  onApplicationShutdown(): Promise<void> {
    return this.transport.close();
  }
}

/** Statuses that mean the same in every v1 operation. Any other status is an unknown outcome. */
function commonFault(answer: V1Answer): Fault {
  const status =
    typeof answer.status === 'string' && /^[A-Z0-9 ]{1,12}$/.test(answer.status) ? answer.status : null;
  const detail = status === null ? 'no known status' : `status ${status}`;
  switch (status) {
    case '1':
      return fault('throttled', detail);
    case '2':
    case '3':
      return fault('bad-request', detail);
    case '4':
    case '8':
    case '9':
    case '20':
    case '29':
      return fault('misconfigured', detail);
    default:
      return fault('unknown-outcome', detail);
  }
}

function cost({ price, currency }: V1Answer) {
  const read = readPrice(price, currency ?? 'EUR');
  return read ? { cost: read } : {};
}
