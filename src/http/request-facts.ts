import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';

/** What is worth a place in the log line of a request. Nothing in it is personal. */
export interface RequestFacts {
  /** The `code` of the problem that it was answered with. */
  code?: string | undefined;
  /** The rule that refused it. */
  rule?: string | undefined;
  /** The verification request that it was about. */
  verificationId?: string | undefined;
}

const FACTS = new WeakMap<IncomingMessage, RequestFacts>();

/** The facts of a request, for the line that the application logs when it was answered. */
export const requestFacts = (request: IncomingMessage): RequestFacts => FACTS.get(request) ?? {};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @returns the verification request that a successful call was about, from its answer or its input; undefined for none */
export function verificationIdOf(request: Request, answer: unknown): string | undefined {
  const inputs = [answer, request.body, request.query, request.params] as { requestId?: unknown }[];
  return inputs.map((input) => input?.requestId).find((id): id is string => UUID.test(String(id)));
}

/** Adds to the {@link requestFacts}. */
export function noteFacts(request: IncomingMessage, facts: RequestFacts): void {
  const given = Object.entries(facts).filter(([, value]) => value !== undefined);
  FACTS.set(request, { ...FACTS.get(request), ...Object.fromEntries(given) });
}
