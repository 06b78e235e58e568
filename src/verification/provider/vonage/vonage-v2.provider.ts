import type { Vonage } from '@vonage/server-sdk';
import type { CancelOutcome, CheckOutcome, NextOutcome, StartOutcome } from '../outcomes.js';
import { type StartRequest, VerificationProvider } from '../verification-provider.js';
import type { VonageConnection } from './connection.js';
import { fault, isProviderRequestId, outcomeOf } from './faults.js';
import { V2_LOCALES } from './locales.js';
import { type VonageHttpError, VonageTransport } from './transport.js';

type NewRequest = Parameters<Vonage['verify2']['newRequest']>[0];

interface CheckAnswer {
  request_id?: unknown;
  status?: unknown;
}

/** The detail of a conflict is the only thing that tells "never" from "not yet". */
const says = (error: VonageHttpError, pattern: RegExp) => pattern.test(String(error.body['detail'] ?? ''));

/** Verify v2, with key and secret (Basic authentication) or as an application (a token). */
export class VonageV2Provider extends VerificationProvider {
  readonly name = 'vonage-v2';
  override readonly locales = V2_LOCALES;
  /** Vonage cancels nothing within 30 seconds. */
  override readonly holdsSeconds = 30;
  private readonly transport: VonageTransport;
  private readonly client: Vonage['verify2'];

  /** @param options.templateId writes the text messages; Vonage takes it for no calls */
  constructor(private readonly options: VonageConnection & { brand: string; templateId?: string }) {
    super();
    this.transport = new VonageTransport(options);
    this.client = this.transport.verify2;
  }

  start(request: StartRequest): Promise<StartOutcome> {
    const { templateId } = this.options;
    // One step only: Vonage would start a second one when the first times out, with three fresh attempts.
    const parameters = {
      brand: request.brand ?? this.options.brand,
      workflow: [{ channel: request.channel, to: request.phoneNumber.slice(1) }],
      channelTimeout: request.ttlSeconds,
      codeLength: request.codeLength,
      clientRef: request.clientReference,
      ...(templateId && request.channel === 'sms' ? { templateId } : {}),
      ...(request.locale && this.locales.includes(request.locale) ? { locale: request.locale } : {}),
    } as unknown as NewRequest;
    return outcomeOf<StartOutcome>(
      async () => {
        const { requestId } = await this.client.newRequest(parameters);
        if (!isProviderRequestId(requestId)) return fault('unknown-outcome', 'started without a request id');
        return { outcome: 'started', providerRequestId: requestId };
      },
      (error) => {
        if (error.status === 409) {
          const id = error.body['request_id'];
          return {
            outcome: 'already-pending',
            ...(isProviderRequestId(id) ? { providerRequestId: id } : {}),
          };
        }
        if (error.status === 412) return { outcome: 'destination-rejected', why: 'unsupported' };
        // One number that Vonage calls invalid is the caller's affair; any other parameter is our bug.
        if (error.status === 422 && blamesTheNumber(error))
          return { outcome: 'destination-rejected', why: 'invalid' };
        return null;
      },
    );
  }

  check(providerRequestId: string, code: string): Promise<CheckOutcome> {
    return outcomeOf<CheckOutcome>(
      async () => {
        // Not client.checkCode(): it returns the status and hides which request it speaks of.
        const { data } = await this.client.sendPostRequest<CheckAnswer>(this.url(providerRequestId), {
          code,
        });
        return data.status === 'completed' && data.request_id === providerRequestId
          ? { outcome: 'matched' }
          : fault('unknown-outcome', 'http 200 that does not complete this request');
      },
      (error) => {
        if (error.status === 400) return { outcome: 'mismatched' };
        if (error.status === 410) return { outcome: 'exhausted' };
        if (error.status === 404) return { outcome: 'gone' };
        if (error.status === 409) return { outcome: 'not-checkable-now' };
        return null;
      },
    );
  }

  cancel(providerRequestId: string): Promise<CancelOutcome> {
    // Not client.cancel() and client.nextWorkflow(): they make `false` of every error.
    return outcomeOf<CancelOutcome>(
      async () => {
        const { status } = await this.client.sendDeleteRequest<unknown>(this.url(providerRequestId));
        return status === 204 ? { outcome: 'cancelled' } : fault('unknown-outcome', `http ${status}`);
      },
      (error) => {
        if (error.status === 404) return { outcome: 'gone' };
        if (error.status === 409)
          return { outcome: says(error, /30 seconds|later/i) ? 'too-early' : 'too-late' };
        return null;
      },
    );
  }

  next(providerRequestId: string): Promise<NextOutcome> {
    return outcomeOf<NextOutcome>(
      async () => {
        await this.client.sendPostRequest(`${this.url(providerRequestId)}/next_workflow`);
        return { outcome: 'sent' };
      },
      (error) => {
        if (error.status === 404) return { outcome: 'gone' };
        if (error.status === 409) return { outcome: says(error, /later/i) ? 'retry-later' : 'no-more' };
        return null;
      },
    );
  }

  onApplicationShutdown(): Promise<void> {
    return this.transport.close();
  }

  private url(providerRequestId: string): string {
    return `${this.client.getConfig().apiHost}/v2/verify/${encodeURIComponent(providerRequestId)}`;
  }
}

function blamesTheNumber({ body }: VonageHttpError): boolean {
  const parameters = body['invalid_parameters'];
  if (!Array.isArray(parameters) || parameters.length === 0) return false;
  return parameters.every((parameter: { name?: unknown } | null) =>
    /(^|[.\]])(to|number)$/.test(String(parameter?.name)),
  );
}
