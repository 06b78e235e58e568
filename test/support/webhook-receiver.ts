import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EventMessage } from '../../src/index.js';

/** One request that a webhook got. */
export interface Delivery {
  id: string;
  headers: IncomingHttpHeaders;
  /** As it was sent. */
  text: string;
  message: Omit<EventMessage, 'data'> & {
    data: Record<string, unknown> & { requestId: string; number: number };
  };
}

export interface WebhookReceiver {
  url: string;
  deliveries: Delivery[];
  /** Those of one request, in the order of their arrival. */
  of(requestId: string): Delivery[];
  /** The paths that were asked for. */
  paths(): string[];
  /** Answers from now on; 204 by default. */
  answer: (delivery: Delivery, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** What somebody has written who wants to get events. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const paths = new Set<string>();
  const server = createServer((request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(405).end();
      return;
    }
    paths.add(request.url!);
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const message = JSON.parse(text) as Delivery['message'];
      const delivery = { id: String(request.headers['webhook-id']), headers: request.headers, text, message };
      receiver.deliveries.push(delivery);
      receiver.answer(delivery, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    deliveries: [],
    paths: () => [...paths],
    of: (requestId) => receiver.deliveries.filter(({ message }) => message.data.requestId === requestId),
    answer: (_delivery, response) => response.writeHead(204).end(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
