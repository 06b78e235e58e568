import { Inject } from '@nestjs/common';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  type Redirect,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { AdminPaths } from '../access/admin-paths.js';

/** `2026-11-23 07:54:03`: UTC, as every page of the administration says. */
export const moment = (at: Date | string | null): string =>
  at === null ? '' : new Date(at).toISOString().replace('T', ' ').slice(0, 19);

/** What `?done=` may say: which notice a page shows after an act. */
export function doneNotice({ request, text }: PageContext): ViewContext {
  const { done } = request.query;
  return typeof done === 'string' && /^[a-z-]{1,40}$/.test(done)
    ? { notice: text(`admin.done.${done}`) }
    : {};
}

/** A page with a form or two: a failure is told on a page of its own, which leads back to it. */
export abstract class AdminPage<Body> extends PageView<Body> {
  @Inject(AdminPaths) protected readonly paths!: AdminPaths;
  /** Where this page is within the administration: `/blocks`. */
  protected abstract readonly path: string;

  failure(problem: Problem, context: PageContext): View {
    return {
      name: 'admin/refused',
      context: {
        title: context.text('admin.refused'),
        backPath: this.backPath(context),
        ...errorContext(problem, context, '', problem.details.errors?.map(({ field }) => field) ?? []),
      },
    };
  }

  protected backPath(_context: PageContext): string {
    return this.paths.at(this.path);
  }

  /** After a POST: back to the page, which says what was done; a reload does nothing again. */
  protected done(what: string, path = this.path): Redirect {
    return { redirectTo: `${this.paths.at(path)}?done=${what}` };
  }
}
