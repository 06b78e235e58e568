import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Diagnostic } from '../../diagnostics/index.js';

/** From a query in memory to a call that was given up. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** For calls to Vonage: tens of milliseconds to the longest time-out. */
const PROVIDER_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 30];
/** The rules that limit everybody together. */
const SHARED_LIMITS = ['budget', 'country-budget', 'country-limit', 'prefix-limit'];
/** Faults that somebody of ours has to mend. */
const OUR_FAULTS = ['misconfigured', 'bad-request'];
const BREAKER_STATES = { closed: 0, 'half-open': 0.5, open: 1 } as const;

/** Every metric of the application, in a registry of its own. Labels name countries, rules and routes; never numbers or users. */
export class Metrics {
  readonly registry = new Registry();

  readonly requests = this.histogram(
    'http_request_duration_seconds',
    'How long requests took, by the pattern of the route.',
    ['method', 'route', 'status'],
  );
  readonly problems = this.counter(
    'http_problems_total',
    'Requests that were answered with a problem, by its code.',
    ['code'],
  );

  private readonly calls = this.counter(
    'otp_calls_total',
    'Starts, checks, resends and cancels. The outcome is "ok" or the code of the failure.',
    ['action', 'outcome'],
  );
  private readonly messages = this.counter('otp_messages_total', 'Texts and calls that went out.', [
    'country',
    'channel',
  ]);
  private readonly verified = this.counter('otp_verified_total', 'Numbers that were verified.', [
    'country',
    'channel',
  ]);
  private readonly refusals = this.counter(
    'otp_refusals_total',
    'Calls that a rule refused (mode "enforce"), or would have refused ("record").',
    ['action', 'rule', 'mode'],
  );
  private readonly providerSeconds = this.histogram(
    'otp_provider_call_seconds',
    'How long calls to the provider took.',
    ['provider', 'operation'],
    PROVIDER_SECONDS,
  );
  private readonly providerCalls = this.counter(
    'otp_provider_calls_total',
    'Calls to the provider. The fault is "none" or its kind.',
    ['provider', 'operation', 'outcome', 'fault'],
  );
  private readonly breaker = this.gauge(
    'otp_provider_breaker_open',
    '1 while the provider is left alone because it fails, 0.5 while one call tries whether it works again.',
    ['provider'],
  );
  private readonly paceSeconds = this.histogram(
    'otp_provider_pace_wait_seconds',
    'How long calls waited for their place below VONAGE_REQUESTS_PER_SECOND.',
    [],
  );
  private readonly paceRefusals = this.counter(
    'otp_provider_pace_refusals_total',
    'Calls that would have had to wait too long for their place below VONAGE_REQUESTS_PER_SECOND.',
    [],
  );
  private readonly statementSeconds = this.histogram(
    'otp_statement_seconds',
    'How long statements took, the wait for a connection included.',
    ['statement'],
  );
  private readonly statementErrors = this.counter(
    'otp_statement_errors_total',
    'Statements that failed, by SQLSTATE.',
    ['statement', 'code'],
  );
  private readonly jobs = this.counter('otp_background_rounds_total', 'Rounds of background jobs.', [
    'task',
    'outcome',
  ]);
  private readonly jobSuccess = this.gauge(
    'otp_background_last_success_timestamp_seconds',
    'When a background job last ended well.',
    ['task'],
  );
  private readonly published = this.counter(
    'otp_events_published_total',
    'Events that were handed to subscribers.',
    [],
  );
  private readonly webhookTries = this.counter(
    'otp_webhook_tries_total',
    'Events that were posted to the webhook: "delivered", "failed" (to be retried), or "dead" (given up).',
    ['outcome'],
  );
  private readonly webhookSeconds = this.histogram(
    'otp_webhook_seconds',
    'How long the webhook took to answer.',
    [],
    PROVIDER_SECONDS,
  );
  private readonly deleted = this.counter(
    'otp_retention_deleted_rows_total',
    'Rows that retention has deleted.',
    ['table'],
  );
  private readonly redis = this.gauge(
    'otp_redis_available',
    '0 while Redis is unavailable, 1 otherwise.',
    [],
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.redis.set(1);
    // Prometheus sees an increase only of a counter that it has seen before, and alerts are about the first increase of these.
    for (const outcome of ['ok', 'wrong-code']) this.calls.inc({ action: 'check', outcome }, 0);
    for (const action of ['start', 'resend'])
      for (const rule of SHARED_LIMITS) this.refusals.inc({ action, rule, mode: 'enforce' }, 0);
  }

  /** Counts something that happened. */
  readonly count = (given: Diagnostic): void => {
    switch (given.type) {
      case 'call':
        return this.calls.inc({ action: given.action, outcome: given.outcome });
      case 'message':
        // Without it, a country in which nobody is verified has no share that could be low.
        this.verified.inc({ country: given.country, channel: given.channel }, 0);
        return this.messages.inc({ country: given.country, channel: given.channel });
      case 'verified':
        return this.verified.inc({ country: given.country, channel: given.channel });
      case 'refusal':
        return this.refusals.inc({
          action: given.action,
          rule: given.rule,
          mode: given.isEnforced ? 'enforce' : 'record',
        });
      case 'provider-call': {
        const { provider, operation, outcome, fault } = given;
        this.providerSeconds.observe({ provider, operation }, given.seconds);
        for (const ours of OUR_FAULTS)
          this.providerCalls.inc({ provider, operation, outcome: 'fault', fault: ours }, 0);
        return this.providerCalls.inc({ provider, operation, outcome, fault: fault ?? 'none' });
      }
      case 'pace':
        this.paceSeconds.observe(given.seconds);
        return given.isAdmitted ? undefined : this.paceRefusals.inc();
      case 'breaker':
        return this.breaker.set({ provider: given.provider }, BREAKER_STATES[given.state]);
      case 'statement':
        this.statementSeconds.observe({ statement: given.statement }, given.seconds);
        return given.code === null
          ? undefined
          : this.statementErrors.inc({ statement: given.statement, code: given.code });
      case 'background-started':
        for (const outcome of ['done', 'failed']) this.jobs.inc({ task: given.job, outcome }, 0);
        return;
      case 'background':
        this.jobs.inc({ task: given.job, outcome: given.isDone ? 'done' : 'failed' });
        return given.isDone ? this.jobSuccess.setToCurrentTime({ task: given.job }) : undefined;
      case 'published':
        return this.published.inc(given.events);
      case 'webhook':
        this.webhookSeconds.observe(given.seconds);
        return this.webhookTries.inc({ outcome: given.outcome });
      case 'retention':
        return Object.entries(given.rows).forEach(([table, rows]) => this.deleted.inc({ table }, rows));
      case 'redis':
        return this.redis.set(given.isAvailable ? 1 : 0);
    }
  };

  /** A value that `collect` reads when the metrics are asked for. */
  gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    collect?: (gauge: Gauge<Label>) => unknown,
  ) {
    return new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect
        ? {
            async collect() {
              await collect(this);
            },
          }
        : {}),
    });
  }

  private counter<Label extends string>(name: string, help: string, labelNames: Label[]) {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets = SECONDS,
  ) {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }
}
