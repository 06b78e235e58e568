import type { Fault, FaultKind } from '../outcomes.js';
import { VonageHttpError, VonageTransportError } from './transport.js';

export const fault = (kind: FaultKind, detail: string, retryAfterSeconds?: number): Fault => ({
  outcome: 'fault',
  fault: kind,
  detail,
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
});

/**
 * Runs one call of the SDK and makes a fault of everything it throws.
 * @param onHttpError reads the documented non-2xx answers of this operation; null for what it does not know
 */
export async function outcomeOf<T extends { outcome: string }>(
  call: () => Promise<T>,
  onHttpError: (error: VonageHttpError) => T | null = () => null,
): Promise<T | Fault> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof VonageTransportError) {
      if (error.isCertificateWrong) return fault('misconfigured', error.reason);
      return fault(error.reached ? 'unknown-outcome' : 'unavailable', error.reason);
    }
    if (error instanceof VonageHttpError) return onHttpError(error) ?? httpFault(error);
    // Not an answer but a defect of ours or of the SDK. Its message may quote the request, so only its class is logged.
    return fault('unknown-outcome', error instanceof Error ? error.constructor.name : 'thrown');
  }
}

/** Statuses that mean the same on every operation of both APIs. */
function httpFault({ status, retryAfterSeconds }: VonageHttpError): Fault {
  const detail = `http ${status}`;
  if (status === 429) return fault('throttled', detail, retryAfterSeconds);
  if (status === 401 || status === 402 || status === 403) return fault('misconfigured', detail);
  if (status === 400 || status === 422) return fault('bad-request', detail);
  // 5xx, undocumented 409s, redirects, pages of proxies: Vonage may or may not have acted.
  return fault('unknown-outcome', detail, retryAfterSeconds);
}

/** Provider ids go into paths unescaped: what is not plain letters, digits and hyphens never gets that far. */
export function isProviderRequestId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(value);
}
