import { request } from 'node:http';
import type { Answer } from './client.js';

type Fields = Record<string, string>;

/** Posts a form as a browser's navigation does. Node's `fetch` always says that it is none. */
export function submitForm(url: string, fields: Fields, headers: Fields = {}): Promise<Answer> {
  const body = new URLSearchParams(fields).toString();
  const ofForm = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': String(Buffer.byteLength(body)),
    Origin: new URL(url).origin,
  };
  return navigate('POST', url, { ...ofForm, ...headers }, body);
}

/** Opens a page as a browser does. */
export const openPage = (url: string, headers: Fields = {}): Promise<Answer> => navigate('GET', url, headers);

function navigate(method: string, url: string, headers: Fields, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      headers: {
        Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        'Sec-Fetch-Dest': 'document',
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Site': 'same-origin',
        ...headers,
      },
    });
    sent.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject).on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const received = new Headers();
        for (let i = 0; i < response.rawHeaders.length; i += 2)
          received.append(response.rawHeaders[i]!, response.rawHeaders[i + 1]!);
        resolve({
          status: response.statusCode!,
          headers: received,
          text: Buffer.concat(chunks).toString(),
          body: {},
        });
      });
    });
    sent.end(body);
  });
}
