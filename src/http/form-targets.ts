import { applyDecorators, Get } from '@nestjs/common';
import { ApiExcludeEndpoint } from '../openapi/decorators.js';
import { Problem } from './problem.js';

/**
 * On a handler that throws {@link notAPage}: the addresses that forms are posted to and that show nothing by themselves. A
 * browser opens them from its history or the address bar.
 */
export const FormTargets = (...paths: string[]) => applyDecorators(Get(paths), ApiExcludeEndpoint());

/** Leads a browser to a page. For programs there is nothing at the address. */
export const notAPage = (page: string): Problem => Problem.http('not-found', { redirectTo: page });
