import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { negotiate, setNegotiatedHeaders } from './negotiation.js';
import { contextOf, NEGOTIATED_PAGES, type PageContext } from './page-context.js';
import type { FieldError, Problem } from './problem.js';
import { isUnreadableValue, toProblem } from './to-problem.js';
import { type View, ViewRenderer } from './view-renderer.js';

/** The one renderer of failures: problem+json (RFC 9457), or the page that the failure belongs to. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('ProblemFilter');

  constructor(private readonly renderer: ViewRenderer) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = toProblem(thrown);
    if (isDefect(thrown, problem)) this.logger.error(describe(thrown), problem.code);
    // Half an answer is out: closing the connection is the only thing left that the client can notice.
    if (response.headersSent) return void response.destroy();

    const page = NEGOTIATED_PAGES.get(request);
    const context: PageContext = page ?? contextOf(request, this.renderer);
    setNegotiatedHeaders(response);
    response.status(problem.status).setHeader('Content-Language', context.locale);
    const { retryAfterSeconds, redirectTo, headers = {} } = problem.details;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));

    const kind = page?.kind ?? negotiate(request) ?? 'json';
    if (kind === 'json') {
      response.type('application/problem+json').send(JSON.stringify(problemBody(problem, context)));
    } else if (redirectTo !== undefined) {
      response.redirect(303, redirectTo);
    } else {
      const view = page ? page.view.failure(problem, context) : errorView(problem, context);
      if ('redirectTo' in view) response.redirect(303, view.redirectTo);
      else response.type('html').send(this.renderer.render(view, context.locale));
    }
  }
}

/** The JSON form. `detail` and `title` are for people, `code` for programs. */
function problemBody(problem: Problem, { text }: PageContext) {
  const { retryAfterSeconds, requestId, attemptsRemaining, errors, members } = problem.details;
  return {
    type: `/docs#${problem.code}`,
    title: text(`problem.${problem.code}.title`),
    status: problem.status,
    detail: problemDetail(problem, text),
    code: problem.code,
    ...(requestId === undefined ? {} : { requestId }),
    ...(attemptsRemaining === undefined ? {} : { attemptsRemaining }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...members,
    ...(errors && {
      errors: errors.map(({ field, code }) => ({
        field,
        code,
        message: fieldMessage({ field, code }, text),
      })),
    }),
  };
}

/** One sentence for people: what happened and what to do. */
export function problemDetail(problem: Problem, text: PageContext['text']): string {
  const { attemptsRemaining, retryAfterSeconds } = problem.details;
  const count = attemptsRemaining ?? retryAfterSeconds;
  return text(`problem.${problem.code}.detail`, count === undefined ? {} : { count });
}

/** What to say of a wrong field: its own words, or those for this kind of error in any field. */
export function fieldMessage({ field, code }: FieldError, text: PageContext['text']): string {
  const key = `field.${field}.${code}`;
  const words = text(key);
  return words === key ? text(`field.any.${code}`) : words;
}

/** For failures that belong to no page: an unknown address, a body that is too large. */
function errorView(problem: Problem, { text }: PageContext): View {
  return {
    name: 'error',
    context: {
      title: text(`problem.${problem.code}.title`),
      detail: problemDetail(problem, text),
      isError: true,
    },
  };
}

/** Also an error of the database that is answered as invalid input: a DTO should have refused it. */
const isDefect = (thrown: unknown, problem: Problem) =>
  problem !== thrown && (problem.status >= 500 || isUnreadableValue(thrown));

/** What a log may hold of an unexpected error: its kind and its frames. Messages of drivers quote the data. */
function describe(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { kind: typeof thrown };
  const { code } = thrown as { code?: unknown };
  const frames = thrown.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return { kind: thrown.name, ...(typeof code === 'string' ? { code } : {}), frames };
}
