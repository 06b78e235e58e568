import { Inject } from '@nestjs/common';
import {
  errorContext,
  errorView,
  type PageContext,
  PageView,
  type Problem,
  type Redirect,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { AdminPaths } from '../access/admin-paths.js';

/** `2026-11-23 07:54:03`: UTC, as every page of the administration says. */
export const moment = (at: Date | string | null): string =>
  at === null ? '' : new Date(at).toISOString().replace('T', ' ').slice(0, 19);

const isClosed = (problem: Problem) => problem.getStatus() === 401 || problem.getStatus() === 403;

/** The form for a reason that was posted, of several on the page: the id of a block, `cancel`. Empty for other forms. */
const rowOf = (context: PageContext): string => typed(context, 'row');

/** The reason of a form that asks for more than a reason. */
export const reasonOf = (context: PageContext): string =>
  rowOf(context) === '' ? typed(context, 'reason', 500) : '';

/** Errors of a form that only asks for a reason belong to its own field. */
function atItsRow(found: ViewContext, context: PageContext): ViewContext {
  const row = rowOf(context);
  const { reasonError: error, ...others } = found;
  if (row === '' || error === undefined) return found;
  return {
    ...others,
    errors: (found['errors'] as ViewContext[]).map((each) => ({ ...each, field: `reason-${row}` })),
    refused: { [row]: { reason: typed(context, 'reason', 500), error } },
  };
}

/** A page with a form or two. A browser sees a failure there, other clients on a page of its own, which leads back. */
export abstract class AdminPage<Body> extends PageView<Body> {
  @Inject(AdminPaths) protected readonly paths!: AdminPaths;
  /** Where this page is within the administration: `/blocks`. */
  protected abstract readonly path: string;

  failure(problem: Problem, context: PageContext): View | Redirect {
    // Without the menu: a person without access learns nothing about what there is.
    if (isClosed(problem)) return errorView(problem, context);
    return this.again(problem, context) ?? this.refused(problem, context);
  }

  /** After the redirect of a refused form: the page as it is now, with the problem on top. Null at the form itself. */
  protected again(problem: Problem, context: PageContext): View | null {
    const body = problem.details.forView as Body | undefined;
    if (context.request.method !== 'GET' || body === undefined) return null;
    const view = this.success(body, context);
    if ('redirectTo' in view) return null;
    const fields = problem.details.errors?.map(({ field }) => field) ?? [];
    const found = errorContext(problem, context, '', fields);
    return { ...view, context: { ...view.context, ...atItsRow(found, context), notice: '' } };
  }

  private refused(problem: Problem, context: PageContext): View {
    const fields = problem.details.errors?.map(({ field }) => field) ?? [];
    return {
      name: 'admin/refused',
      address: this.backPath(context),
      context: {
        title: context.text('admin.refused'),
        backPath: this.backPath(context),
        ...errorContext(problem, context, '', fields),
      },
    };
  }

  protected backPath(_context: PageContext): string {
    return this.paths.at(this.path);
  }

  /** After a POST: back to the page, which says once what was done; a reload does nothing again. */
  protected done(what: string, { text }: PageContext, path = this.path): Redirect {
    return { redirectTo: this.paths.at(path), notice: text(`admin.done.${what}`) };
  }
}
