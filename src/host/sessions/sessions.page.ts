import { Injectable } from '@nestjs/common';
import type { PageContext, Redirect, View } from '../../http/index.js';
import { PlainPage } from '../host.pages.js';
import { sessionContexts } from './session-contexts.js';
import type { SessionsResource } from './sessions.dto.js';

/** Lists the user's sessions, each with a button that ends it. */
@Injectable()
export class SessionsPage extends PlainPage<SessionsResource | undefined> {
  success(resource: SessionsResource | undefined, { base, text, formatting }: PageContext): View | Redirect {
    // A session was ended: show the list again.
    if (!resource) return { redirectTo: `${base}/sessions`, notice: text('host.sessions.ended') };
    return {
      name: 'host/sessions',
      context: {
        title: text('host.sessions'),
        timeZone: formatting.timeZone.replaceAll('_', ' '),
        sessions: sessionContexts(resource.sessions, formatting),
      },
    };
  }
}
