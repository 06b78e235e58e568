import { problemsDecorator } from '../http/index.js';
import { VERIFICATION_ERRORS } from './domain/error-catalogue.js';

/** Documents the problems of a route. */
export const ApiProblems = problemsDecorator(VERIFICATION_ERRORS);
