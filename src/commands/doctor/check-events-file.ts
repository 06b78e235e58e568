import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeFailure } from '../../diagnostics/index.js';
import type { Known } from './check-configuration.js';
import { type Finding, ok, wrong } from './finding.js';

/** Whether the file of events, or a new one in its folder, can be written. Writes nothing. */
export async function checkEventsFile({ variables: { EVENTS_FILE: file } }: Known): Promise<Finding[]> {
  const check = 'events file';
  if (!file) return [ok(check, 'not used: EVENTS_FILE is not set')];
  if (file === '-') return [ok(check, 'events are written to the standard output')];
  try {
    const found = await stat(file).catch(() => null);
    if (found?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    await access(found ? file : dirname(file), constants.W_OK);
    return [ok(check, `${file} can be written`)];
  } catch (error) {
    const { cause, code } = describeFailure(error);
    return [
      wrong(
        check,
        `${file} cannot be written: ${cause ?? code ?? 'it failed'}`,
        'Check EVENTS_FILE and the rights of its folder. Events are kept until it can be.',
      ),
    ];
  }
}
