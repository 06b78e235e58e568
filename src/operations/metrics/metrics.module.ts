import { type DynamicModule, Module } from '@nestjs/common';
import { Gauges } from './gauges.js';
import { METRICS_OPTIONS, type MetricsOptions, MetricsServer } from './metrics-server.js';

/** Counts and measures for Prometheus. */
@Module({})
export class MetricsModule {
  static forRoot(options: MetricsOptions): DynamicModule {
    return {
      module: MetricsModule,
      providers: [Gauges, MetricsServer, { provide: METRICS_OPTIONS, useValue: options }],
    };
  }
}
