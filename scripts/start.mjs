// `npm start`: builds what has changed, then runs the application in this very process, so that a signal to it, or its
// death, is the application's.
import { buildIfStale } from './build-if-stale.mjs';

// npm runs us through a shell. A SIGTERM to npm ends that shell, which does not pass it on: then we are nobody's child
// any more, and should stop as we were told to.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    process.kill(process.pid, 'SIGTERM');
  }, 100).unref();
}

buildIfStale();
await import('../dist/src/main.js');
