import {
  applyDecorators,
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import type { Request } from 'express';
import { ACCESS, OpenToAll } from '../../http/index.js';
import { MisuseError } from '../../options/misuse-error.js';
import { originOf } from '../../verification/index.js';
import type { Assurance, FactorDemand, SignedInCaller } from '../session/assurance.js';
import { type AccessPolicy, admittedTo } from './admissions.js';
import { SecondFactorGuard } from './second-factor.guard.js';

type RouteDecorator = ClassDecorator & MethodDecorator;

/** A demand brings its guard along: the global one may be turned off, and does not reach gateways. */
const demanding = (policy: AccessPolicy): RouteDecorator =>
  applyDecorators(SetMetadata(ACCESS, policy), UseGuards(SecondFactorGuard));

/** On a controller or handler: demands a second factor. By default any, shown at any time in this session. */
export const RequireFactor = (demand: FactorDemand = {}): RouteDecorator => demanding(demand);

/** On a controller or handler: open to everybody, signed in or not. */
export const SkipSecondFactor = OpenToAll;

/** On a controller or handler: open to everybody who has shown a first factor, even where a second one is required. */
export const FirstFactorOnly = (): RouteDecorator => demanding('first-factor');

/** On a controller or handler where factors are managed: users without any may enrol their first one. */
export const ForEnrolment = (): CustomDecorator => SetMetadata(ACCESS, 'enrolment' satisfies AccessPolicy);

const admitted = (context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<Request>();
  return { request, assurance: admittedTo(request) };
};

/** A handler's parameter: the {@link Assurance} of the request. Anonymous on routes that are open to everybody. */
export const CurrentAssurance = createParamDecorator(
  (_: unknown, context: ExecutionContext): Assurance => admitted(context).assurance,
);

/** A handler's parameter: the {@link SignedInCaller}. Not for routes that are open to everybody. */
export const SignedIn = createParamDecorator((_: unknown, context: ExecutionContext): SignedInCaller => {
  const { request, assurance } = admitted(context);
  if (assurance.userId === null) throw new MisuseError('@SignedIn() is for routes behind SecondFactorGuard');
  return { ...assurance, ...originOf(request) };
});
