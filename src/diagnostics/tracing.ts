import type { SpanKind } from '@opentelemetry/api';
import { optionalPackage } from '../options/optional-package.js';

/** Null when the application has not installed OpenTelemetry. */
const api = optionalPackage<typeof import('@opentelemetry/api')>('@opentelemetry/api');
const tracer = api?.trace.getTracer('nest-sms-otp');

/** Of a span. The types of OpenTelemetry are no part of this signature, because the package may be missing. */
type Attributes = Record<string, string | number | boolean>;

/** Values of `SpanKind`, which cannot be imported from a package that may be missing. */
const KINDS = { internal: 0, client: 2 } as const satisfies Record<string, SpanKind>;

/**
 * Runs work in a span, if the application has set up OpenTelemetry. A failure marks the span, without the message, which may
 * quote personal data.
 * @param attributes nothing personal
 * @param describe further attributes, from the result
 */
export async function traced<T>(
  name: string,
  kind: keyof typeof KINDS,
  attributes: Attributes,
  work: () => Promise<T>,
  describe: (result: T) => Attributes = () => ({}),
): Promise<T> {
  if (!tracer) return work();
  return tracer.startActiveSpan(name, { kind: KINDS[kind], attributes }, async (span) => {
    try {
      const result = await work();
      if (span.isRecording()) span.setAttributes(describe(result));
      return result;
    } catch (error) {
      span.setStatus({ code: api!.SpanStatusCode.ERROR });
      span.setAttribute('error.type', (error as { code?: string }).code ?? (error as Error).name);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Headers that pass the trace on to the service that is called; empty outside of a trace. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  api?.propagation.inject(api.context.active(), headers);
  return headers;
}
