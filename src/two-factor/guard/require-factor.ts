import {
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
  SetMetadata,
} from '@nestjs/common';
import type { Request } from 'express';
import { ACCESS, OpenToAll } from '../../http/index.js';
import { type Assurance, type FactorDemand, NOBODY } from '../assurance/assurance.js';

/** What a route demands besides being signed in. */
export type AccessPolicy =
  | 'open'
  /** A first factor is enough: the routes where the second one is shown. */
  | 'first-factor'
  /** The same, but who has a second factor has to have shown it. */
  | 'enrolment'
  | FactorDemand;

/** On a controller or a handler: this second factor, shown not longer ago than that. Defaults to any factor. */
export const RequireFactor = (demand: FactorDemand = {}): CustomDecorator =>
  SetMetadata(ACCESS, demand satisfies AccessPolicy);

/** On a controller or a handler: for everybody, signed in or not. */
export const SkipSecondFactor = OpenToAll;

/** On a controller or a handler: for those who have shown a first factor, whatever else is demanded of them. */
export const FirstFactorOnly = (): CustomDecorator =>
  SetMetadata(ACCESS, 'first-factor' satisfies AccessPolicy);

/** On a controller or a handler: where factors are enrolled and managed; the first one by those who have none. */
export const ForEnrolment = (): CustomDecorator => SetMetadata(ACCESS, 'enrolment' satisfies AccessPolicy);

/** Where the guard leaves what it has found out. */
export const ASSURANCE_OF_REQUEST = Symbol('assurance of the request');

/** A handler's parameter: the {@link Assurance} that the guard has found. */
export const CurrentAssurance = createParamDecorator((_: unknown, context: ExecutionContext): Assurance => {
  const request = context.switchToHttp().getRequest<Request & { [ASSURANCE_OF_REQUEST]?: Assurance }>();
  return request[ASSURANCE_OF_REQUEST] ?? NOBODY;
});
