import { STATUS_CODES } from 'node:http';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  Inject,
  Injectable,
  Logger,
  ServiceUnavailableException,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { describeForeignError } from '../diagnostics/index.js';
import { countForms } from './count-forms.js';
import { tryCookies } from './cookies.js';
import { Flashes } from './flash.js';
import { LONG_WAIT_SECONDS } from './long-wait.js';
import { HTTP_OPTIONS, type ResolvedHttpOptions } from './http.options.js';
import type { MessageParameters } from './messages.js';
import { MountedPaths } from './mounted-paths.js';
import { negotiate, setNegotiatedHeaders } from './negotiation.js';
import { contextOf, NEGOTIATED_PAGES, type PageContext } from './page-context.js';
import { PageResponder } from './page-responder.js';
import type { FieldError, Problem } from './problem.js';
import { noteFacts } from './request-facts.js';
import { setSecurityHeaders } from './security-headers.js';
import { unsettleAnswer } from './settled-answer.js';
import { isUnreadableValue, toProblem } from './to-problem.js';
import { type View, type ViewContext, ViewRenderer } from './view-renderer.js';

/** Answers every failure: with problem+json (RFC 9457), or with the page that the failure belongs to. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('ProblemFilter');

  constructor(
    private readonly renderer: ViewRenderer,
    private readonly paths: MountedPaths,
    private readonly responder: PageResponder,
    private readonly flashes: Flashes,
    @Inject(HTTP_OPTIONS) private readonly options: ResolvedHttpOptions,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = toProblem(thrown);
    const { rule, requestId: verificationId } = problem.details;
    noteFacts(request, { code: problem.code, rule, verificationId });
    if (isDefect(thrown, problem)) this.logger.error(describeForeignError(thrown), problem.code);
    // Part of a response is sent already: only a closed connection tells the client that it is incomplete.
    if (response.headersSent) return void response.destroy();
    unsettleAnswer(response);

    const page = NEGOTIATED_PAGES.get(request);
    const context: PageContext = page ?? contextOf(request, this.renderer, this.paths);
    // A guard of the host may have refused the request before it came to ours.
    setSecurityHeaders(response, this.options);
    setNegotiatedHeaders(response);
    response.status(problem.getStatus()).setHeader('Content-Language', context.locale);
    const { retryAfterSeconds, redirectTo, comesBackTo, headers = {} } = problem.details;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));

    // A page's script may also post a form.
    if (comesBackTo !== undefined && request.get('sec-fetch-mode') !== undefined && request.is('urlencoded'))
      this.flashes.keepTyped(request, response, comesBackTo);
    const kind = page?.kind ?? negotiate(request) ?? 'json';
    if (kind === 'json') {
      response.type('application/problem+json').send(JSON.stringify(problemBody(problem, context)));
    } else if (redirectTo !== undefined) {
      tryCookies(request, response);
      response.redirect(303, redirectTo);
    } else {
      const view = page ? page.view.failure(problem, context) : errorView(problem, context);
      response.type('html').send(this.responder.respond(view, context, response, problem));
    }
  }
}

/** The JSON form. `detail` and `title` are for people, `code` for programs. */
function problemBody(problem: Problem, { text }: PageContext) {
  const { retryAfterSeconds, requestId, attemptsRemaining, errors, members } = problem.details;
  return {
    type: `/docs#${problem.code}`,
    title: problemTitle(problem, text),
    status: problem.getStatus(),
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
        message: fieldMessage(problem, { field, code }, text),
      })),
    }),
  };
}

/** One sentence for people: what happened and what to do. @param seconds until the next try */
export function problemDetail(
  problem: Problem,
  text: PageContext['text'],
  seconds = problem.details.retryAfterSeconds,
): string {
  const { attemptsRemaining, detailKey } = problem.details;
  const count = attemptsRemaining ?? seconds;
  const general = problem.getStatus() >= 500 ? 'problem.internal.detail' : 'problem.any.detail';
  const isLater = attemptsRemaining === undefined && seconds !== undefined && seconds >= LONG_WAIT_SECONDS;
  const keys = [
    ...(detailKey ? [detailKey] : []),
    ...(isLater ? [`problem.${problem.code}.later`] : []),
    `problem.${problem.code}.detail`,
    general,
  ];
  return firstMessage(keys, text, count === undefined ? {} : { count }) ?? problem.code;
}

/** A problem of the host's own, such as `conflict`, is titled by its status. */
export const problemTitle = (problem: Problem, text: PageContext['text']): string =>
  firstMessage([`problem.${problem.code}.title`], text) ??
  STATUS_CODES[problem.getStatus()] ??
  String(problem.getStatus());

/** The message for a wrong field: the module's own, or one that several modules share, or one for any field. */
export function fieldMessage(
  problem: Problem,
  { field, code }: FieldError,
  text: PageContext['text'],
): string {
  const { module = 'any' } = problem.details;
  const keys = [`field.${module}.${field}.${code}`, `field.any.${field}.${code}`, `field.any.${code}`];
  return firstMessage(keys, text) ?? code;
}

/** The catalogue returns the key itself when it has no message for it. */
function firstMessage(keys: string[], text: PageContext['text'], parameters?: MessageParameters) {
  return keys.map((key) => [key, text(key, parameters)]).find(([key, message]) => message !== key)?.[1];
}

/** What makes a page count down until the next try. */
export const holdContext = (
  problem: Problem,
  { text, locale }: Pick<PageContext, 'text' | 'locale'>,
): ViewContext => ({
  holdSeconds: problem.details.retryAfterSeconds,
  countsFrom: LONG_WAIT_SECONDS,
  holdForms: countForms(locale, (seconds) => problemDetail(problem, text, seconds)),
});

/** For failures that belong to no page: an unknown path, a page that somebody may not open. It has a way on. */
export function errorView(problem: Problem, { homePath, here, request, text, locale }: PageContext): View {
  const { retryAfterSeconds } = problem.details;
  const mayHelpLater = problem.getStatus() === 429 || problem.getStatus() >= 500;
  return {
    name: 'error',
    context: {
      homePath,
      // A form cannot be sent again from here.
      retryPath: mayHelpLater && request.method === 'GET' ? here : '',
      title: problemTitle(problem, text),
      detail: problemDetail(problem, text),
      ...(mayHelpLater && retryAfterSeconds !== undefined && holdContext(problem, { text, locale })),
      isError: true,
    },
  };
}

/**
 * A value that Postgres could not read is a defect too: a DTO should have rejected it. Whoever throws a 503 means it, such as
 * the check of readiness.
 */
const isDefect = (thrown: unknown, problem: Problem) =>
  problem !== thrown &&
  !(thrown instanceof ServiceUnavailableException) &&
  (problem.getStatus() >= 500 || isUnreadableValue(thrown));
