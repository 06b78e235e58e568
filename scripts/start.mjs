// `npm start`: builds what has changed, then runs the application in this very process, so that a signal to it, or its
// death, is the application's.
import { buildIfStale } from './build-if-stale.mjs';

buildIfStale();
await import('../dist/main.js');
