import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { describeFailure, onDiagnostic } from '../../diagnostics/index.js';
import { requestFacts } from '../../http/index.js';
import { routeOf } from '../route-of.js';
import { Gauges } from './gauges.js';
import { Metrics } from './metrics.js';

/** Where the metrics are served. */
export interface MetricsOptions {
  /** 0 for any free port. */
  port: number;
  /** @default all addresses */
  host?: string | undefined;
}

/** Injects {@link MetricsOptions}. */
export const METRICS_OPTIONS = Symbol('METRICS_OPTIONS');

/** Serves `/metrics` for Prometheus on a port of its own, which the proxy in front does not reach. */
@Injectable()
export class MetricsServer implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Metrics');
  private readonly metrics = new Metrics();
  private readonly server: Server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    this.metrics.registry.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': this.metrics.registry.contentType }).end(text),
      (error: unknown) => {
        this.logger.error(describeFailure(error), 'metrics could not be collected');
        response.writeHead(500).end();
      },
    );
  });
  private stopCounting: () => void = () => undefined;

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly gauges: Gauges,
    @Inject(METRICS_OPTIONS) private readonly options: MetricsOptions,
  ) {}

  onModuleInit(): void {
    this.stopCounting = onDiagnostic(this.metrics.count);
    this.gauges.register(this.metrics);
    // A command has no server.
    const server = this.http.httpAdapter?.getHttpServer() as Server | undefined;
    server?.prependListener('request', (request: IncomingMessage, response) =>
      this.measure(request, response),
    );
  }

  /** @throws Error if the port is in use */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.http.httpAdapter) return;
    const { port, host } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port, ...(host ? { host } : {}) }, resolve);
    });
    this.logger.log({ port: this.port }, 'metrics are served');
  }

  onApplicationShutdown(): void {
    this.stopCounting();
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Where it listens. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private measure(request: IncomingMessage, response: ServerResponse): void {
    const startedAt = performance.now();
    response.once('finish', () => {
      const labels = {
        method: request.method ?? '',
        route: routeOf(request) ?? '(none)',
        status: String(response.statusCode),
      };
      this.metrics.requests.observe(labels, (performance.now() - startedAt) / 1000);
      const { code } = requestFacts(request);
      if (code) this.metrics.problems.inc({ code });
    });
  }
}
