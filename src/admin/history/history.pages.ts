import { Injectable } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  type Problem,
  type Redirect,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { PUBLIC_STATUSES } from '../../verification/index.js';
import { AdminPage, moment } from '../pages/admin.page.js';
import { periodInputs } from '../pages/moment-inputs.js';
import type {
  DecisionResource,
  DecisionsResource,
  HistoryItemResource,
  HistoryResource,
  RequestResource,
} from './history.resource.js';
import { History } from './history.service.js';

const FIELDS = ['country', 'purpose', 'user', 'requestId', 'providerRequestId', 'address', 'reason'];
const DECISION_FIELDS = ['user', 'address', 'rule'];
const itemContext = (item: HistoryItemResource): ViewContext => ({
  ...item,
  createdAt: moment(item.createdAt),
  expiresAt: moment(item.expiresAt),
  verifiedAt: moment(item.verifiedAt),
  endedAt: moment(item.endedAt),
});
const decisionContext = (decision: DecisionResource): ViewContext => ({
  ...decision,
  at: moment(decision.at),
  rules: decision.rules.map((each) => ({
    ...each,
    decides: each.rule === decision.rule && each.outcome === 'refuse',
  })),
});

/** The history with its filters, all of which are in the address. */
@Injectable()
export class HistoryListPage extends AdminPage<HistoryResource> {
  protected readonly path = '/verifications';

  success({ items, next, previous }: HistoryResource, context: PageContext): View {
    return this.view(context, {
      items: items.map(itemContext),
      next,
      previous,
      listed: true,
    });
  }

  override failure(problem: Problem, context: PageContext): View | Redirect {
    if (problem.getStatus() !== 400) return super.failure(problem, context);
    const fields = [...FIELDS, 'from', 'to', 'status', 'channel', 'number'];
    // A search for a number leads back to the list.
    return this.again(problem, context) ?? this.view(context, errorContext(problem, context, '', fields));
  }

  private view(context: PageContext, more: ViewContext): View {
    const [status, channel] = [typed(context, 'status'), typed(context, 'channel')];
    const query = new URLSearchParams(context.request.originalUrl.split('?')[1] ?? '');
    for (const paging of ['after', 'before']) query.delete(paging);
    const number = typed(context, 'number', 400);
    return {
      name: 'admin/history',
      context: {
        title: context.text('admin.history.title'),
        ...Object.fromEntries(FIELDS.map((field) => [field, typed(context, field, 200)])),
        ...periodInputs(context),
        number,
        phoneNumber: typed(context, 'phoneNumber'),
        why: typed(context, 'why', 500),
        statuses: PUBLIC_STATUSES.map((value) => ({ value, selected: value === status })),
        isSms: channel === 'sms',
        isVoice: channel === 'voice',
        // The export takes the same filters.
        filters: [...query].filter(([, value]) => value !== '').map(([name, value]) => ({ name, value })),
        ...more,
      },
    };
  }
}

/** A number was typed: on to its history, at an address that does not hold it. */
@Injectable()
export class SearchPage extends AdminPage<HistoryResource> {
  protected readonly path = '/verifications';

  constructor(private readonly history: History) {
    super();
  }

  success(_: HistoryResource, { request }: PageContext): Redirect {
    const { phoneNumber, country } = request.body as { phoneNumber: string; country?: string };
    return { redirectTo: this.history.pathOf(phoneNumber, country || undefined) };
  }
}

/** One request: what happened, why, and what can be done about it. */
@Injectable()
export class RequestPage extends AdminPage<RequestResource> {
  protected readonly path = '/verifications';

  success({ request, timeline, decisions }: RequestResource, context: PageContext): View {
    return {
      name: 'admin/request',
      context: {
        title: context.text('admin.request.title'),
        ...itemContext(request),
        isLive: request.status === 'PENDING',
        timeline: timeline.map((entry) => ({ ...entry, at: moment(entry.at) })),
        decisions: decisions.map(decisionContext),
      },
    };
  }
}

/** Starts that were refused. */
@Injectable()
export class DecisionsPage extends AdminPage<DecisionsResource> {
  protected readonly path = '/decisions';

  success({ items, next, previous }: DecisionsResource, context: PageContext): View {
    return this.view(context, { listed: true, items: items.map(decisionContext), next, previous });
  }

  override failure(problem: Problem, context: PageContext): View | Redirect {
    if (problem.getStatus() !== 400) return super.failure(problem, context);
    return this.view(
      context,
      errorContext(problem, context, '', [...DECISION_FIELDS, 'from', 'to', 'number']),
    );
  }

  private view(context: PageContext, more: ViewContext): View {
    return {
      name: 'admin/decisions',
      context: {
        title: context.text('admin.decisions.title'),
        ...Object.fromEntries(DECISION_FIELDS.map((field) => [field, typed(context, field, 200)])),
        ...periodInputs(context),
        number: typed(context, 'number', 400),
        ...more,
      },
    };
  }
}
