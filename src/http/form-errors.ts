import type { PageContext } from './page-context.js';
import type { Problem } from './problem.js';
import { fieldMessage, problemDetail } from './problem.filter.js';
import { safePath } from './safe-path.js';
import type { ViewContext } from './view-renderer.js';

/** What the caller typed, if it was text at all; never more of it than the field can hold. */
export function typed({ request }: PageContext, field: string, longest = 64): string {
  const body = (request.body ?? {}) as Record<string, unknown>;
  const value = body[field] ?? request.query[field];
  return typeof value === 'string' ? value.slice(0, longest) : '';
}

/** The path of our own origin that a form carries in `returnTo`: whole, for half of one leads nowhere. */
export function returnPath(context: PageContext, fallback: string): string {
  return safePath(typed(context, 'returnTo', Infinity), fallback);
}

/** The messages of a problem: one a field where fields are wrong, otherwise one for the whole page. */
export function errorContext(
  problem: Problem,
  { text }: PageContext,
  defaultField: string,
  fields: string[],
): ViewContext {
  const wrong = (problem.details.errors ?? []).filter(({ field }) => fields.includes(field));
  const errors =
    wrong.length > 0
      ? wrong.map(({ field, code }) => ({ field, message: fieldMessage({ field, code }, text) }))
      : [{ field: defaultField, message: problemDetail(problem, text) }];
  const byField = Object.fromEntries(errors.map(({ field, message }) => [`${field}Error`, message]));
  return { isError: true, errors, ...byField };
}
