import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageSender, type OutgoingMessage, type SendOutcome } from '../../src/index.js';

/** One text as the gateway received it. */
export interface ReceivedText {
  to: string;
  text: string;
  idempotencyKey: string;
}

/** What the gateway does with a call, instead of sending its text and answering 202. */
type Mood =
  | { status: number; sends?: boolean }
  /** Neither sends nor answers. */
  | { answersNever: true }
  /** Sends the text, and never answers. */
  | 'silent'
  /** Closes the connection before it has read anything. */
  | 'away';

/** An SMS gateway that only sends texts, over a real socket. */
export interface TextGateway {
  url: string;
  /** All calls that sent a text, newest last. */
  texts: ReceivedText[];
  /** How many calls have reached it, whatever became of them. */
  calls(): number;
  to(phoneNumber: string): ReceivedText[];
  /** The newest code that went to a number. */
  codeFor(phoneNumber: string): string;
  /** For the next call; moods queue up. */
  nextMood(mood: Mood): void;
  forgetMoods(): void;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

/** @param given.isIdempotent whether texts with the same idempotency key are sent once */
export async function startTextGateway({ isIdempotent = false } = {}): Promise<TextGateway> {
  const texts: ReceivedText[] = [];
  const moods: Mood[] = [];
  let calls = 0;
  const server = createServer(async (request, response) => {
    calls += 1;
    const mood = moods.shift() ?? { status: 202 };
    if (mood === 'away') {
      request.socket.destroy();
      return;
    }
    const received = JSON.parse(await bodyOf(request)) as ReceivedText;
    if (typeof mood === 'object' && 'answersNever' in mood) return;
    const isRepeated = isIdempotent && texts.some((text) => text.idempotencyKey === received.idempotencyKey);
    const isAccepted = mood === 'silent' || mood.sends === true || mood.status < 300;
    if (isAccepted && !isRepeated) texts.push(received);
    if (mood === 'silent') return;
    // Parallel calls overlap.
    await sleep(5);
    response.writeHead(mood.status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const to = (phoneNumber: string) => texts.filter((text) => text.to === phoneNumber);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    texts,
    calls: () => calls,
    to,
    codeFor(phoneNumber) {
      const code = /\d{4,10}/.exec(to(phoneNumber).at(-1)?.text ?? '')?.[0];
      if (!code) throw new Error(`no text to ${phoneNumber}`);
      return code;
    },
    nextMood: (mood) => moods.push(mood),
    forgetMoods: () => moods.splice(0),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** What a team writes for such a gateway. */
export class TextGatewaySender extends MessageSender {
  constructor(private readonly url: string) {
    super();
  }

  async send({ to, text, idempotencyKey, signal }: OutgoingMessage): Promise<SendOutcome> {
    const body = JSON.stringify({ to, text, idempotencyKey });
    const answer = await fetch(this.url, { method: 'POST', body, signal });
    if (answer.ok) return { outcome: 'sent' };
    if (answer.status === 422) return { outcome: 'rejected', why: 'invalid' };
    if (answer.status === 429)
      return { outcome: 'not-sent', detail: `http ${answer.status}`, retryAfterSeconds: 7 };
    throw new Error(`the gateway answered ${answer.status} to ${text}`);
  }
}
