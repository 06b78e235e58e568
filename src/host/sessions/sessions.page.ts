import { Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  type Redirect,
  type View,
} from '../../http/index.js';
import type { SessionsResource } from './sessions.dto.js';

const SESSIONS = '/account/sessions';

/** Where the user is signed in, each session with a button that ends it. */
@Injectable()
export class SessionsPage extends PageView<SessionsResource | undefined> {
  success(resource: SessionsResource | undefined, { request, text, locale }: PageContext): View | Redirect {
    // A session was ended: the page says so, and a reload ends nothing again.
    if (!resource) return { redirectTo: `${SESSIONS}?ended=yes` };
    const time = new Intl.DateTimeFormat(locale, {
      dateStyle: 'medium',
      timeStyle: 'short',
      timeZone: 'UTC',
    });
    return {
      name: 'host/sessions',
      context: {
        title: text('host.sessions'),
        sessions: resource.sessions.map(({ signedInAt, lastUsedAt, ...rest }) => ({
          ...rest,
          signedIn: time.format(new Date(signedInAt)),
          lastUsed: time.format(new Date(lastUsedAt)),
        })),
        ...(request.query['ended'] ? { notice: text('host.sessions.ended') } : {}),
      },
    };
  }

  failure(problem: Problem, context: PageContext): View {
    const { errors } = errorContext(problem, context, '', []);
    return { name: 'host/refused', context: { title: context.text('host.refused'), isError: true, errors } };
  }
}
