export { HealthModule } from './health/health.module.js';
export { loggerParams } from './logging.js';
export { openApiDocument, serveOpenApi } from './openapi/openapi.js';
