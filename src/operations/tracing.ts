import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  context,
  diag,
  DiagLogLevel,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { routeOf } from './route-of.js';

const tracer = trace.getTracer('nest-sms-otp');
const logger = new Logger('Tracing');
/** How long the last spans may take when the instance stops. */
const STOP_LIMIT_MS = 3000;
const WARN_EVERY_MS = 60_000;

/** The ids of the active span, for log lines; empty outside of a trace. */
export function activeTraceIds(): { trace_id?: string; span_id?: string } {
  const span = trace.getActiveSpan()?.spanContext();
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}

/**
 * A span for each request, as a part of the caller's trace if there is a `traceparent`. Its name is the pattern of the route: a path
 * may be anything that somebody typed.
 */
export function traceRequests() {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const method = request.method ?? 'GET';
    const parent = propagation.extract(context.active(), request.headers);
    const span = tracer.startSpan(
      method,
      { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } },
      parent,
    );
    response.once('close', () => {
      const route = routeOf(request);
      if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
      span.setAttribute('http.response.status_code', response.statusCode);
      if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    context.with(trace.setSpan(parent, span), next);
  };
}

/**
 * Sends spans to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`. The SDK reads the other `OTEL_…` variables itself.
 * @returns a function that sends the last spans and stops, for a few seconds at most
 */
export async function startTracing(serviceName: string): Promise<() => Promise<void>> {
  const { NodeTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-node');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } =
    await import('@opentelemetry/resources');
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': serviceName }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  // Sets the context manager and the W3C propagators too.
  provider.register();
  warnOfLostSpans();
  // What the collector does not take in time is lost: an instance stops in good order all the same.
  return () => Promise.race([provider.shutdown().catch(() => undefined), sleep(STOP_LIMIT_MS)]);
}

/** Errors of OpenTelemetry would be silent. What they say may quote the collector's headers, so it is left out. */
function warnOfLostSpans(): void {
  let warnedAt = -Infinity;
  const warn = () => {
    if (performance.now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = performance.now();
    logger.warn('traces are lost: the collector of OTEL_EXPORTER_OTLP_ENDPOINT does not take them');
  };
  const ignore = () => undefined;
  diag.setLogger(
    { error: warn, warn: ignore, info: ignore, debug: ignore, verbose: ignore },
    DiagLogLevel.ERROR,
  );
}
