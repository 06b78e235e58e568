import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  Flashes,
  isFormOfBrowser,
  noteFacts,
  Problem,
  ProblemFilter,
  refusalFlash,
} from '../../http/index.js';
import { AdminPaths } from '../access/admin-paths.js';

/** A file has no page on which to say why it is refused: leads a browser back to the list that it was asked for on. */
@Catch(Problem)
@Injectable()
export class RefusedExportFilter implements ExceptionFilter {
  constructor(
    private readonly flashes: Flashes,
    private readonly problems: ProblemFilter,
    private readonly paths: AdminPaths,
  ) {}

  catch(problem: Problem, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const isOfList = isFormOfBrowser(request) && showsOnList(problem);
    const list = this.listOf(request.body);
    if (!isOfList || !this.flashes.leave(request, response, list, refusalFlash(problem, list, request.body)))
      return this.problems.catch(problem, host);
    noteFacts(request, { code: problem.code, rule: problem.details.rule });
    response.setHeader('Cache-Control', 'no-store').redirect(303, list);
  }

  /** The list under the filters of the export. */
  private listOf(body: unknown): string {
    const filters = Object.entries((body ?? {}) as Record<string, unknown>).filter(
      (entry): entry is [string, string] => entry[0] !== 'why' && typeof entry[1] === 'string',
    );
    const query = new URLSearchParams(filters);
    return this.paths.at(`/verifications${query.size > 0 ? `?${query}` : ''}`);
  }
}

/** Not when the list is closed, or the browser is led elsewhere to sign in. */
const showsOnList = (problem: Problem) =>
  problem.details.redirectTo === undefined && ![401, 403].includes(problem.getStatus());
