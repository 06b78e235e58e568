export { type Config, ConfigurationError, loadConfig } from './config.js';
export { environmentSchema } from './environment.js';
