import express, { type Request, type RequestHandler } from 'express';
import { Problem } from './problem.js';

/** All our forms are small. */
export const BODY_LIMIT = '16kb';
/** What bodies may be; for `@ApiConsumes(...BODIES)`, too. */
export const BODIES = ['application/json', 'application/x-www-form-urlencoded'];
/** Our own bodies have two levels, a provider's notification a few more. Deeper ones are expensive to walk. */
const DEEPEST_BODY = 10;
const DANGEROUS_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The body parsers of every route: JSON and forms, 16 kB after decompression, a few levels deep, without keys that reach
 * into prototypes.
 */
export function bodyParsers(): RequestHandler[] {
  return [
    refuseOtherTypes,
    express.json({ limit: BODY_LIMIT, strict: true, reviver: refuseDangerousKey, verify: keepRaw }),
    express.urlencoded({
      limit: BODY_LIMIT,
      extended: false,
      parameterLimit: 100,
      verify: refuseDangerousFormKeys,
    }),
    refuseDeepBody,
  ];
}

/** Signatures are over the exact bytes; under Nest's own name for them. */
function keepRaw(request: object, _response: unknown, raw: Buffer): void {
  (request as { rawBody?: Buffer }).rawBody = raw;
}

const refuseOtherTypes: RequestHandler = (request, _response, next) => {
  // is() is null without a body and false for a type that is not in the list.
  const isRefused = !isEmpty(request) && request.is(BODIES) === false;
  next(isRefused ? Problem.http('unsupported-media-type') : undefined);
};

/** `Content-Length: 0` is what `fetch` sends for a POST without a body, whatever its type. */
const isEmpty = ({ headers }: Request) =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

const refuseDeepBody: RequestHandler = (request, _response, next) => {
  next(isDeeperThan(DEEPEST_BODY, request.body) ? Problem.http('invalid-input') : undefined);
};

/** Looks no further than the given level, so that a deep body costs no more than a flat one. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member));
}

function refuseDangerousKey(key: string, value: unknown): unknown {
  if (DANGEROUS_KEYS.has(key)) throw new SyntaxError('reserved key');
  return value;
}

/** On the raw text: once parsed, `__proto__=x` has left no trace. */
function refuseDangerousFormKeys(_request: unknown, _response: unknown, raw: Buffer): void {
  const keys = [...new URLSearchParams(raw.toString('latin1')).keys()];
  if (keys.some((key) => DANGEROUS_KEYS.has(key))) throw Problem.http('invalid-input');
}
