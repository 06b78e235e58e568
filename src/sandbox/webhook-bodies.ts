import { euros, SUCCESS_PRICE } from './messages.js';
import {
  END_OUTCOMES,
  type ProviderRequest,
  type StepEvent,
  type StepOutcome,
} from './verification-request.js';
import type { Channel } from './words.js';

/** How one step ended. */
export interface EventBody {
  request_id: string;
  triggered_at: string;
  type: 'event';
  channel: Channel;
  status: StepOutcome;
  finalized_at: string;
  client_ref?: string;
}

/** How the request ended. */
export interface SummaryBody {
  request_id: string;
  submitted_at: string;
  status: StepOutcome;
  type: 'summary';
  channel_timeout: number;
  workflow: WorkflowEntry[];
  /** EUR. */
  price: string;
  client_ref?: string;
  finalized_at: string;
}

interface WorkflowEntry {
  channel: Channel;
  initiated_at?: string;
  status: StepOutcome | 'unused';
  reason?: string;
}

const BLOCKED_REASON = 'Fraudulent traffic detected for your account on network [ 310260 ].';

/** @param step of this request, with its outcome */
export function eventBody({ id, plan }: ProviderRequest, step: StepEvent): EventBody | undefined {
  if (step.outcome === undefined) return undefined;
  return {
    request_id: id,
    // Of the step, not of the request [inferred].
    triggered_at: date(step.at),
    type: 'event',
    channel: step.channel,
    status: step.outcome,
    finalized_at: date(step.endedAt ?? step.at),
    ...clientRef(plan),
  };
}

/** @returns undefined for a cancelled request: Vonage documents neither a webhook nor a status for it, so none is sent */
export function summaryBody(request: ProviderRequest): SummaryBody | undefined {
  const { id, plan, startedAt, endedAt } = request;
  const status = END_OUTCOMES[request.status];
  if (status === undefined || endedAt === null) return undefined;
  return {
    request_id: id,
    submitted_at: date(startedAt),
    status,
    type: 'summary',
    channel_timeout: plan.stepSeconds,
    workflow: workflow(request),
    price: price(request),
    ...clientRef(plan),
    finalized_at: date(endedAt),
  };
}

/** A step that was not reached is unused, and has no date: the schema does not require one. */
function workflow({ plan, events }: ProviderRequest): WorkflowEntry[] {
  return plan.steps.map(({ channel }, i) => {
    const begun = events[i];
    if (!begun) return { channel, status: 'unused' };
    return {
      channel,
      initiated_at: date(begun.at),
      status: begun.outcome ?? 'unused',
      ...(begun.outcome === 'blocked' ? { reason: BLOCKED_REASON } : {}),
    };
  });
}

/** All that was sent, and what a success costs on top. */
function price({ status, events }: ProviderRequest): string {
  const sent = events.reduce((sum, step) => sum + step.price, 0);
  return euros(sent + (status === 'success' ? SUCCESS_PRICE : 0), 8);
}

const clientRef = ({ clientRef }: { clientRef?: string }) =>
  clientRef === undefined ? {} : { client_ref: clientRef };
const date = (at: number) => new Date(at).toISOString();
