import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { ANONYMOUS, type Assurance, type FactorDemand } from '../session/assurance.js';

/** What a route demands besides being signed in. */
export type AccessPolicy =
  | 'open'
  /** A first factor is enough. */
  | 'first-factor'
  /** A first factor is enough for users without a second one. */
  | 'enrolment'
  | FactorDemand;

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** What `SecondFactorGuard` has found, and for which handler: a handler that calls `next()` leads to another one. */
const ADMISSIONS = new WeakMap<Request, { assurance: Assurance; handler: Handler }>();

/** The request may use the handler. */
export function admit(request: Request, handler: Handler, assurance: Assurance): void {
  ADMISSIONS.set(request, { assurance, handler });
}

/** Whether another instance of the guard has admitted the request to this handler already. */
export const isAdmitted = (request: Request, handler: Handler): boolean =>
  ADMISSIONS.get(request)?.handler === handler;

/** Who was admitted. Anonymous on routes that are open to everybody. */
export const admittedTo = (request: Request): Assurance => ADMISSIONS.get(request)?.assurance ?? ANONYMOUS;
