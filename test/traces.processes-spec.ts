import { context, propagation, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { createServer, type IncomingHttpHeaders, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { startLoggedInstance } from './support/logged-instance.js';
import { until } from './support/until.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';

describe('traces', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let application: TestApplication;
  let other: TestApplication;
  /** What Vonage got. */
  const received: IncomingHttpHeaders[] = [];
  const vonage = createServer((request, response) => {
    received.push(request.headers);
    const { method, url: path, headers } = request;
    const passedOn = forward(`${other.sandbox.url}${path}`, { method: method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passedOn);
  });

  beforeAll(async () => {
    provider.register();
    other = await startApplication();
    await new Promise<void>((listening) => vonage.listen(0, '127.0.0.1', listening));
    const { port } = vonage.address() as AddressInfo;
    application = await startApplication({ VONAGE_API_HOST: `http://127.0.0.1:${port}` });
  });
  afterAll(async () => {
    await application?.close();
    await other?.close();
    vonage.close();
    await provider.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  });

  const start = async (phoneNumber: string) => {
    exporter.reset();
    await fetch(`${application.url}/request-otp`, {
      method: 'POST',
      headers: { Accept: 'application/json', traceparent: `00-${TRACE}-${CALLER}-01` },
      body: new URLSearchParams({ phoneNumber }),
    });
    const isRequest = ({ name }: ReadableSpan) => name === 'POST /request-otp';
    await until(() => exporter.getFinishedSpans().some(isRequest), { what: 'the span of the request' });
    return exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === TRACE);
  };
  const named = (spans: ReadableSpan[], name: string) => {
    const span = spans.find((each) => each.name === name);
    if (!span) throw new Error(`no span ${name} among ${spans.map((each) => each.name).join(', ')}`);
    return span;
  };

  it('lead from the caller’s trace over the request and the service to statements and the provider', async () => {
    const spans = await start(freshNumber());
    const request = named(spans, 'POST /request-otp');
    expect(request.parentSpanContext?.spanId).toBe(CALLER);
    expect(request.attributes).toMatchObject({
      'http.route': '/request-otp',
      'http.response.status_code': 200,
    });
    const service = named(spans, 'verification start');
    expect(service.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(service.attributes).toMatchObject({ 'otp.outcome': 'ok' });
    for (const name of ['sql start', 'provider start'])
      expect(named(spans, name).parentSpanContext?.spanId).toBe(service.spanContext().spanId);
  });

  it('are passed on to the provider', async () => {
    const spans = await start(freshNumber());
    const call = named(spans, 'provider start');
    expect(received.at(-1)!['traceparent']).toBe(`00-${TRACE}-${call.spanContext().spanId}-01`);
  });

  it('mark what failed, by its code and without its message', async () => {
    await application.sql.query('ALTER TABLE otp_verification_requests RENAME TO gone');
    try {
      const statement = (await start('+14155550123')).find(
        ({ attributes }) => attributes['error.type'] === '42P01',
      )!;
      expect(statement.status).toEqual({ code: 2 });
      expect(statement.events).toEqual([]);
    } finally {
      await application.sql.query('ALTER TABLE gone RENAME TO otp_verification_requests');
    }
  });

  it('are sent to the collector of OTEL_EXPORTER_OTLP_ENDPOINT, the last ones when the instance stops', async () => {
    const bodies: string[] = [];
    const collector = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString('latin1')));
      request.on('end', () => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}'));
    });
    await new Promise<void>((listening) => collector.listen(0, '127.0.0.1', listening));
    const { port } = collector.address() as AddressInfo;
    const instance = await startLoggedInstance({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_SERVICE_NAME: 'the-login',
    });
    try {
      await instance.post('/request-otp', { phoneNumber: freshNumber() });
      expect(await instance.line({ msg: 'request', route: '/request-otp' })).toMatchObject({
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
    } finally {
      await instance.close();
      collector.close();
    }
    expect(bodies.join('')).toContain('POST /request-otp');
    expect(bodies.join('')).toContain('the-login');
  });

  it('are lost when the collector does not answer, and the instance stops in good order all the same', async () => {
    const collector = createServer(() => undefined);
    await new Promise<void>((listening) => collector.listen(0, '127.0.0.1', listening));
    const { port } = collector.address() as AddressInfo;
    const instance = await startLoggedInstance({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    });
    try {
      await instance.post('/request-otp', { phoneNumber: freshNumber() });
      await instance.line({ level: 40, context: 'Tracing' });
      instance.program.process.kill('SIGTERM');
      expect(await instance.program.ended()).toBe(0);
    } finally {
      await instance.close();
      collector.closeAllConnections();
      collector.close();
    }
  });

  it('have nothing personal in them', async () => {
    const spans = [...(await start('+14155550177')), ...(await start('+4915112345678'))];
    const texts = JSON.stringify(spans.map(({ name, attributes, events }) => ({ name, attributes, events })));
    expect(texts).not.toMatch(/5550177|15112345678|127\.0\.0\.1/);
  });
});
