export { configureHttp } from './configure-http.js';
export { MetricsModule } from './metrics/metrics.module.js';
export { MetricsServer } from './metrics/metrics-server.js';
export { Drain } from './health/drain.js';
export { HealthModule } from './health/health.module.js';
export { ApplicationLogger, loggerParams } from './logging.js';
export { serveOpenApi } from './openapi/openapi.js';
export { startTracing } from './tracing.js';
export { Overload } from './overload.js';
