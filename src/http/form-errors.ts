import type { PageContext } from './page-context.js';
import type { Problem } from './problem.js';
import { fieldMessage, holdContext, problemDetail, problemTitle } from './problem.filter.js';
import { safePath } from './safe-path.js';
import { THROTTLE_RULE } from './throttling/throttler.guard.js';
import type { ViewContext } from './view-renderer.js';

/** Returns the text that the caller entered in a field, shortened to the length of the field. */
export function typed({ request, input }: PageContext, field: string, longest = 64): string {
  const value = input[field] ?? request.query[field];
  return typeof value === 'string' ? value.slice(0, longest) : '';
}

/** Returns the path on our own origin from the field `returnTo`. It is never shortened: half a path leads nowhere. */
export function returnPath(context: PageContext, fallback: string): string {
  return safePath(typed(context, 'returnTo', Infinity), fallback);
}

/** No field is to blame for a limit, an outage or a failed sign-in: the whole page says so. */
function isNotice({ code, details }: Problem, status: number): boolean {
  const isBusy = status === 409 && details.retryAfterSeconds !== undefined && code !== 'code-used';
  return status === 401 || status === 429 || status >= 500 || isBusy;
}

/**
 * Builds the messages of a problem for a view: one for each wrong field, otherwise one for `defaultField`. A problem that
 * is no field's becomes a notice on top, which counts down until the next try. Meanwhile the forms of the page are held.
 * @param part the only forms to hold (`data-part`), for a page with other ways. A limit of all posts still holds them all.
 */
export function errorContext(
  problem: Problem,
  { text, locale }: PageContext,
  defaultField: string,
  fields: string[],
  part?: string,
): ViewContext {
  const { errors: given = [], retryAfterSeconds, rule } = problem.details;
  if (given.length === 0 && isNotice(problem, problem.getStatus())) {
    const message = problemDetail(problem, text);
    // A resend has a countdown of its own.
    const isHeld = problem.code !== 'cooldown' && retryAfterSeconds !== undefined;
    const held = isHeld ? holdContext(problem, { text, locale }) : {};
    const heldPart = rule?.startsWith(THROTTLE_RULE) ? undefined : part;
    return { isError: true, alert: { title: problemTitle(problem, text), message, ...held, heldPart } };
  }
  const wrong = given.filter(({ field }) => fields.includes(field));
  const errors =
    wrong.length > 0
      ? wrong.map(({ field, code }) => ({ field, message: fieldMessage(problem, { field, code }, text) }))
      : [{ field: defaultField, message: problemDetail(problem, text) }];
  const byField = Object.fromEntries(errors.map(({ field, message }) => [`${field}Error`, message]));
  return { isError: true, errors, ...byField };
}
