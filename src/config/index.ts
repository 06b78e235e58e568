export { type Config, ConfigurationError, loadConfig, loadEnvironmentFile, loadVariables } from './config.js';
export { environmentSchema, OPTION_PATHS } from './environment.js';
