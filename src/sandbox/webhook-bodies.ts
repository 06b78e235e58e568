import { SUCCESS_PRICE } from './ledger.js';
import { OUTCOME_OF_LAST_STEP, type ProviderRequest, type StepEvent } from './verification-request.js';

/** What the receiver gets. */
export type WebhookBody = NonNullable<ReturnType<typeof eventBody> | ReturnType<typeof summaryBody>>;

const BLOCKED_REASON = 'Fraudulent traffic detected for your account on network [ 310260 ].';

/** How one step ended. @returns undefined if the step has no outcome */
export function eventBody({ id, plan }: ProviderRequest, step: StepEvent) {
  if (!step.outcome) return undefined;
  return {
    request_id: id,
    // The step's time, not the request's [inferred].
    triggered_at: date(step.at),
    type: 'event' as const,
    channel: step.channel,
    status: step.outcome,
    finalized_at: date(step.endedAt ?? step.at),
    ...clientRef(plan),
  };
}

/**
 * How the request ended.
 * @returns undefined for a cancelled request, because Vonage documents neither a webhook nor a status for it
 */
export function summaryBody(request: ProviderRequest) {
  const { id, plan, startedAt, endedAt, events } = request;
  const status = OUTCOME_OF_LAST_STEP[request.status];
  if (status === undefined || endedAt === null) return undefined;
  const messagesPrice = events.reduce((sum, { price }) => sum + price, 0);
  return {
    request_id: id,
    submitted_at: date(startedAt),
    status,
    type: 'summary' as const,
    channel_timeout: plan.stepSeconds,
    workflow: workflow(request),
    // EUR: everything sent, and what a success costs in addition.
    price: (messagesPrice + (status === 'completed' ? SUCCESS_PRICE : 0)).toFixed(8),
    ...clientRef(plan),
    finalized_at: date(endedAt),
  };
}

/** A step that was not reached is `unused` and has no date; the schema does not require one. */
function workflow({ plan, events }: ProviderRequest) {
  return plan.steps.map(({ channel }, i) => {
    const begun = events[i];
    if (!begun) return { channel, status: 'unused' };
    return {
      channel,
      initiated_at: date(begun.at),
      status: begun.outcome ?? 'unused',
      ...(begun.outcome === 'blocked' && { reason: BLOCKED_REASON }),
    };
  });
}

const clientRef = ({ clientRef }: { clientRef?: string }) =>
  clientRef === undefined ? {} : { client_ref: clientRef };
const date = (at: number) => new Date(at).toISOString();
