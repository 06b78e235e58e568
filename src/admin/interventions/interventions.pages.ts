import { Injectable } from '@nestjs/common';
import { type PageContext, type Problem, type Redirect, typed, type View } from '../../http/index.js';
import type { VerificationResource } from '../../verification/index.js';
import { AdminPage } from '../pages/admin.page.js';
import type { LockResource, ResetResource, RevealedResource } from './interventions.dto.js';

const HISTORY = '/verifications';
const FORMS = ['lock', 'reset', 'erase'];
const requestPath = ({ request }: PageContext) => `${HISTORY}/${String(request.params['id'])}`;

/** Forms about numbers and users; an act leads back to them. */
@Injectable()
export class PersonsPage extends AdminPage<LockResource | ResetResource | Record<string, never>> {
  protected readonly path = '/persons';

  success(
    resource: LockResource | ResetResource | Record<string, never>,
    context: PageContext,
  ): View | Redirect {
    if ('lifted' in resource) return this.done(resource.lifted ? 'lock-lifted' : 'nothing-to-lift', context);
    if ('removed' in resource)
      return this.done(resource.removed > 0 ? 'factors-reset' : 'nothing-to-reset', context);
    return { name: 'admin/persons', context: { title: context.text('admin.persons.title') } };
  }

  /** Of the three forms of the page, the one that was refused has what was typed, and its messages. */
  protected override again(problem: Problem, context: PageContext): View | null {
    const view = super.again(problem, context);
    const form = FORMS.find((each) => each === typed(context, 'form'));
    if (!view || !form) return view;
    const fields = ['phoneNumber', 'userId', 'reason'];
    const { errors = [] } = view.context as { errors?: { field: string; message: string }[] };
    const filled = {
      ...Object.fromEntries(fields.map((field) => [field, typed(context, field, 500)])),
      ...Object.fromEntries(errors.map(({ field, message }) => [`${field}Error`, message])),
    };
    const linked = errors.map((each) => ({
      ...each,
      field: fields.includes(each.field) ? `${form}-${each.field}` : '',
    }));
    return { ...view, context: { ...view.context, [form]: filled, errors: linked } };
  }
}

/** Back to the request that was cancelled. */
@Injectable()
export class CancelledPage extends AdminPage<VerificationResource> {
  protected readonly path = HISTORY;

  success(_: VerificationResource, context: PageContext): Redirect {
    return this.done('cancelled', context, requestPath(context));
  }

  protected override backPath(context: PageContext): string {
    return this.paths.at(requestPath(context));
  }
}

/** The number, on a page that nothing keeps. */
@Injectable()
export class RevealedPage extends AdminPage<RevealedResource> {
  protected readonly path = HISTORY;

  success({ phoneNumber }: RevealedResource, context: PageContext): View {
    return {
      name: 'admin/revealed',
      address: this.backPath(context),
      once: true,
      context: {
        title: context.text('admin.revealed'),
        phoneNumber,
        backPath: this.backPath(context),
      },
    };
  }

  protected override backPath(context: PageContext): string {
    return this.paths.at(requestPath(context));
  }
}
