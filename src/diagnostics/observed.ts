import { describeError, withStatement } from './causes.js';
import { isObserved, report } from './diagnostics.js';
import { traced } from './tracing.js';

/**
 * Runs a statement, reports how long it took, and notes its name on the error if it fails.
 * @param name contains no values
 */
export async function observed<T>(name: string, run: () => Promise<T>): Promise<T> {
  const startedAt = isObserved() ? performance.now() : 0;
  const ended = (code: string | null) => {
    if (startedAt > 0)
      report({ type: 'statement', statement: name, code, seconds: (performance.now() - startedAt) / 1000 });
  };
  try {
    const result = await traced(`sql ${name}`, 'client', { 'db.system.name': 'postgresql' }, run);
    ended(null);
    return result;
  } catch (error) {
    ended(describeError(error).code ?? 'unknown');
    throw withStatement(error, name);
  }
}
