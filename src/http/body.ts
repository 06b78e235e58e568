import express, { type Request, type RequestHandler } from 'express';
import { Problem } from './problem.js';

/** After decompression, in bytes. Our forms are small. */
const BODY_LIMIT = 16 * 1024;
/** The accepted media types of bodies; also for `@ApiConsumes(...BODIES)`. */
export const BODIES = ['application/json', 'application/x-www-form-urlencoded'];
/** Our own bodies have two levels, a provider's notification a few more. Deeper bodies are expensive to walk. */
const MAX_BODY_DEPTH = 10;
const DANGEROUS_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The body parsers of our routes. They accept JSON and forms of at most 16 kB, without deep nesting and without keys
 * that could change prototypes. A body that the host's parsers have read already is checked all the same.
 */
export function bodyParsers(): RequestHandler[] {
  return [
    rejectOtherTypes,
    rejectLongBody,
    express.json({ limit: BODY_LIMIT, strict: true, reviver: rejectDangerousKey, verify: keepRawBody }),
    express.urlencoded({
      limit: BODY_LIMIT,
      extended: false,
      parameterLimit: 100,
      verify: rejectDangerousFormKeys,
    }),
    rejectHostileBody,
  ];
}

/** Webhook signatures need the exact bytes. `rawBody` is Nest's name for them. */
function keepRawBody(request: object, _response: unknown, raw: Buffer): void {
  (request as { rawBody?: Buffer }).rawBody = raw;
}

const rejectOtherTypes: RequestHandler = (request, _response, next) => {
  // is() is null without a body and false for a type that is not in the list.
  const isRejected = !isEmpty(request) && request.is(BODIES) === false;
  next(isRejected ? Problem.http('unsupported-media-type') : undefined);
};

/** `fetch` sends `Content-Length: 0` for a POST without a body, whatever its type. */
const isEmpty = ({ headers }: Request) =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

const rejectLongBody: RequestHandler = (request, _response, next) => {
  const isRejected = Number(request.headers['content-length'] ?? 0) > BODY_LIMIT;
  next(isRejected ? Problem.http('payload-too-large') : undefined);
};

const rejectHostileBody: RequestHandler = (request, _response, next) => {
  next(isHostile(request.body, MAX_BODY_DEPTH) ? Problem.http('invalid-input') : undefined);
};

/** Too deep, or with a reserved key. Stops at the given level, so that a deep body costs no more than a flat one. */
function isHostile(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  return Object.entries(value).some(
    ([key, member]) => DANGEROUS_KEYS.has(key) || isHostile(member, levels - 1),
  );
}

function rejectDangerousKey(key: string, value: unknown): unknown {
  if (DANGEROUS_KEYS.has(key)) throw new SyntaxError('reserved key');
  return value;
}

/** Reads the raw text, because the parsed body no longer shows `__proto__=x`. */
function rejectDangerousFormKeys(_request: unknown, _response: unknown, raw: Buffer): void {
  const keys = [...new URLSearchParams(raw.toString('latin1')).keys()];
  if (keys.some((key) => DANGEROUS_KEYS.has(key))) throw Problem.http('invalid-input');
}
