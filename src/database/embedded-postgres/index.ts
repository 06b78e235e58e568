export { type EmbeddedPostgres, findEmbeddedPostgres, startEmbeddedPostgres } from './launcher.js';
