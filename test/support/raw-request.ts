import { request } from 'node:http';

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The parsed body; empty when it was not JSON. */
  body: Record<string, unknown>;
}

/** What `fetch` does not allow: any `Host` header, and an address of this machine to come from (`127.0.0.2`). */
export function rawRequest(
  url: string,
  {
    method = 'GET',
    from = '127.0.0.1',
    headers = {},
    form,
    json,
  }: {
    method?: string;
    from?: string;
    headers?: Record<string, string>;
    form?: Record<string, string>;
    json?: object;
  } = {},
): Promise<RawAnswer> {
  const body = form ? new URLSearchParams(form).toString() : json && JSON.stringify(json);
  const kind = form ? 'text/html' : 'application/json';
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        localAddress: from,
        headers: { Accept: kind, ...(body === undefined ? {} : { 'Content-Type': type }), ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const isJson = /json/.test(response.headers['content-type'] ?? '');
          const parsed = (isJson && text ? JSON.parse(text) : {}) as Record<string, unknown>;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed });
        });
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
