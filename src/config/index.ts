export { type Config, ConfigurationError, loadConfig } from './config.js';
export { environmentSchema, OPTION_PATHS } from './environment.js';
