import type { PageContext, ViewContext } from '../../http/index.js';
import { momentFormat } from '../moments.js';
import type { SessionResource } from './sessions.dto.js';

/** Sessions with their times as the reader's clock and calendar have them. */
export function sessionContexts(
  sessions: readonly SessionResource[],
  formatting: PageContext['formatting'],
): ViewContext[] {
  const time = momentFormat(formatting);
  return sessions.map(({ signedInAt, lastUsedAt, ...rest }) => ({
    ...rest,
    signedIn: time.format(new Date(signedInAt)),
    lastUsed: time.format(new Date(lastUsedAt)),
  }));
}
