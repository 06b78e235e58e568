import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { routeOf } from './route-of.js';

const tracer = trace.getTracer('nest-sms-otp');

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
 * @returns a function that sends the last spans and stops
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
  return () => provider.shutdown();
}
