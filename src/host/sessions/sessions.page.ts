import { Injectable } from '@nestjs/common';
import type { PageContext, Redirect, View } from '../../http/index.js';
import { PlainPage } from '../host.pages.js';
import type { SessionsResource } from './sessions.dto.js';

/** Lists the user's sessions, each with a button that ends it. */
@Injectable()
export class SessionsPage extends PlainPage<SessionsResource | undefined> {
  success(
    resource: SessionsResource | undefined,
    { base, request, text, formatting }: PageContext,
  ): View | Redirect {
    // A session was ended: show the list again, with a notice.
    if (!resource) return { redirectTo: `${base}/sessions?ended=yes` };
    const { locale, timeZone } = formatting;
    const time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
    return {
      name: 'host/sessions',
      context: {
        title: text('host.sessions'),
        timeZone: timeZone.replaceAll('_', ' '),
        sessions: resource.sessions.map(({ signedInAt, lastUsedAt, ...rest }) => ({
          ...rest,
          signedIn: time.format(new Date(signedInAt)),
          lastUsed: time.format(new Date(lastUsedAt)),
        })),
        ...(request.query['ended'] ? { notice: text('host.sessions.ended') } : {}),
      },
    };
  }
}
