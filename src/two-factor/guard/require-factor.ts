import {
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
  SetMetadata,
} from '@nestjs/common';
import type { Request } from 'express';
import { ACCESS, OpenToAll } from '../../http/index.js';
import { MisuseError } from '../../options/misuse-error.js';
import { originOf } from '../../verification/index.js';
import { ANONYMOUS, type Assurance, type FactorDemand, type SignedInCaller } from '../session/assurance.js';

/** What a route demands besides being signed in. */
export type AccessPolicy =
  | 'open'
  /** A first factor is enough. */
  | 'first-factor'
  /** A first factor is enough for users without a second one. */
  | 'enrolment'
  | FactorDemand;

/** On a controller or handler: demands a second factor. By default any, shown at any time in this session. */
export const RequireFactor = (demand: FactorDemand = {}): CustomDecorator =>
  SetMetadata(ACCESS, demand satisfies AccessPolicy);

/** On a controller or handler: open to everybody, signed in or not. */
export const SkipSecondFactor = OpenToAll;

/** On a controller or handler: open to everybody who has shown a first factor, even where a second one is required. */
export const FirstFactorOnly = (): CustomDecorator =>
  SetMetadata(ACCESS, 'first-factor' satisfies AccessPolicy);

/** On a controller or handler where factors are managed: users without any may enrol their first one. */
export const ForEnrolment = (): CustomDecorator => SetMetadata(ACCESS, 'enrolment' satisfies AccessPolicy);

/** The assurance that `SecondFactorGuard` has found, for the parameter decorators below. */
export const ADMITTED: WeakMap<Request, Assurance> = new WeakMap();

const admitted = (context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<Request>();
  return { request, assurance: ADMITTED.get(request) ?? ANONYMOUS };
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
