export { HealthModule } from './health/health.module.js';
export { ApplicationLogger, loggerParams } from './logging.js';
export { openApiDocument, serveOpenApi } from './openapi/openapi.js';
