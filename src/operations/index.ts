export { HealthModule } from './health/health.module.js';
export { ApplicationLogger, loggerParams } from './logging.js';
export { serveOpenApi } from './openapi/openapi.js';
