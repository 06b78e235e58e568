export { type Config, ConfigurationError, loadConfig } from './config.js';
export { environmentSchema, type RateLimit } from './environment.js';
export { type Key, type KeyRing, parseKeyRing } from './key-ring.js';
