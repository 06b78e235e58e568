import type { Response } from 'express';

const SETTLED = new WeakMap<Response, Pick<Response, 'json' | 'send'>>();

/**
 * Makes this the body of the response. Interceptors of the whole application run around ours: one that wraps every answer
 * would make JSON of a page, and other JSON of ours than is documented.
 * @returns the body, for them to see
 */
export function settleAnswer<Body>(response: Response, body: Body): Body {
  const { json, send } = response;
  SETTLED.set(response, { json, send });
  const answer = () => {
    unsettleAnswer(response);
    return typeof body === 'object' && body !== null ? response.json(body) : response.send(body ?? undefined);
  };
  return (Object.assign(response, { json: answer, send: answer }), body);
}

/** An interceptor of the application has thrown after all: the failure is answered instead. */
export function unsettleAnswer(response: Response): void {
  Object.assign(response, SETTLED.get(response));
  SETTLED.delete(response);
}
