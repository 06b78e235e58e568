import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';
import type { BrokenAnswer } from './faults.js';

/** A complete answer. Without `body` nothing is sent, not even `{}`. */
export interface Answer {
  status: number;
  body?: object;
  contentType?: string;
}

const JSON_TYPE = 'application/json';
const HTML_PAGE =
  '<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n';

export function sendAnswer(response: Response, { status, body, contentType = JSON_TYPE }: Answer): void {
  if (response.destroyed) return;
  response.status(status);
  if (body === undefined) response.end();
  else response.type(contentType).send(JSON.stringify(body));
}

/** @param answer what would have been answered, if the operation took effect */
export function sendBrokenAnswer(response: Response, broken: BrokenAnswer, answer?: Answer): void {
  if (response.destroyed) return;
  const { status = 200 } = broken;
  switch (broken.kind) {
    case 'reset':
    case 'lost-answer':
      response.socket?.resetAndDestroy();
      return;
    case 'status':
      sendStatus(response, broken);
      return;
    case 'garbage':
      response.status(status).type('html').send(HTML_PAGE);
      return;
    case 'empty':
      response.status(status).type(JSON_TYPE).end();
      return;
    case 'truncated':
      sendHalf(response, broken, answer, () => response.socket?.destroySoon());
      return;
    case 'stalled':
      sendHalf(response, broken, answer, () => undefined);
      return;
    case 'black-hole':
    case 'latency':
      return;
  }
}

function sendStatus(response: Response, { status = 503, body, retryAfterSeconds }: BrokenAnswer): void {
  response.status(status);
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  if (body === undefined) response.type('text').send(`${STATUS_CODES[status] ?? status}\n`);
  else response.type(JSON_TYPE).send(typeof body === 'string' ? body : JSON.stringify(body));
}

/** @param then called when the half was written */
function sendHalf(
  response: Response,
  { status, chunked }: BrokenAnswer,
  answer: Answer | undefined,
  then: () => void,
): void {
  const whole = Buffer.from(JSON.stringify(answer?.body ?? { status: '0' }));
  response.status(status ?? (answer?.body ? answer.status : 200)).type(answer?.contentType ?? JSON_TYPE);
  // Without a content length Node sends the body in chunks.
  if (!chunked) response.set('Content-Length', String(whole.length));
  response.write(whole.subarray(0, Math.ceil(whole.length / 2)), then);
}
