import type { OpenApiValidator } from './openapi-validator.js';

export type Kind = 'json' | 'html';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; empty when it was not JSON. */
  body: Record<string, unknown>;
}

/** Speaks to the application as a program and as a browser would; holds every JSON answer against the OpenAPI document. */
export class Client {
  constructor(
    readonly url: string,
    private readonly openApi: OpenApiValidator,
  ) {}

  /** JSON in, JSON out. */
  json(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(method, path, {
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** A form in, a page out. */
  html(
    method: string,
    path: string,
    form?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.send(method, path, {
      headers: {
        Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        ...(form ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
        ...headers,
      },
      ...(form ? { body: new URLSearchParams(form).toString() } : {}),
    });
  }

  /** The same call in either kind. */
  as(
    kind: Kind,
    method: string,
    path: string,
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ) {
    return kind === 'json'
      ? this.json(method, path, fields, headers)
      : this.html(method, path, fields, headers);
  }

  async send(method: string, path: string, init: RequestInit): Promise<Answer> {
    const headers = withOrigin(this.url, method, init.headers as Record<string, string>);
    const response = await fetch(this.url + path, { method, redirect: 'manual', ...init, headers });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const body = (isJson && text ? JSON.parse(text) : {}) as Record<string, unknown>;
    if (isJson)
      this.openApi.check(method, path, response.status, response.headers.get('content-type') ?? '', body);
    return { status: response.status, headers: response.headers, text, body };
  }
}

/** Says where a call comes from, as every browser does: a POST with a session cookie is refused without it. */
export function withOrigin(
  url: string,
  method: string,
  headers: Record<string, string> = {},
): Record<string, string> {
  const saysSo = 'Origin' in headers || 'Sec-Fetch-Site' in headers;
  const isSafe = ['GET', 'HEAD', 'OPTIONS'].includes(method);
  return isSafe || saysSo || !('Cookie' in headers) ? headers : { ...headers, Origin: new URL(url).origin };
}
