import './quiet-debug.js';
import { Vonage } from '@vonage/server-sdk';
import { Agent, errors, request as send } from 'undici';
import { secondsOfRetryAfter } from '../retry-after.js';
import type { VonageConnection } from './connection.js';

/** An answer that is not a 2xx, reduced to what may be looked at. Carries no request, no header, no number. */
export class VonageHttpError extends Error {
  constructor(
    readonly status: number,
    readonly body: Readonly<Record<string, unknown>>,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(`Vonage answered ${status}`);
  }
}

/** No usable answer. `reached` is false only if it is certain that the request never got there. */
export class VonageTransportError extends Error {
  constructor(
    readonly reason: string,
    readonly reached: boolean,
    /** The server's certificate was not accepted. */
    readonly isCertificateWrong = false,
  ) {
    super(`no answer from Vonage: ${reason}`);
  }
}

const MAX_ANSWER_BYTES = 256 * 1024;
/** The connection was never made, so nothing was sent. */
const NEVER_REACHED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Codes of a certificate that was not accepted. The request is sent only after the handshake. */
const CERTIFICATE =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_MISMATCH)/;

type SdkClient = Vonage['verify'] | Vonage['verify2'];
type SdkRequest = Parameters<SdkClient['sendRequest']>[0];
type SdkResponse<T> = Awaited<ReturnType<typeof Vonage.prototype.verify.sendRequest<T>>>;

/** What the SDK's clients offer to their subclasses. Their types hide it from others. */
interface ClientInternals {
  authType: 'basic' | 'jwt';
  prepareRequest(request: SdkRequest): Promise<SdkRequest>;
  prepareBody(request: SdkRequest): string | undefined;
}
const internalsOf = (client: SdkClient) => client as unknown as ClientInternals;

/**
 * The SDK's `Vonage` client over a transport of ours. The SDK's own has no time-out, reads a truncated body as `{}`,
 * follows redirects with the credentials, throws errors that carry the Authorization header and the number, and costs
 * seven times the CPU (docs/decisions/0004).
 */
export class VonageTransport {
  private readonly agent: Agent;
  private readonly vonage: Vonage;

  constructor(private readonly connection: VonageConnection) {
    const { timeoutMs, apiKey, apiSecret, application, apiHost } = connection;
    this.agent = new Agent({ connect: { timeout: timeoutMs }, connections: 64, keepAliveTimeout: 10_000 });
    this.vonage = new Vonage(
      {
        apiKey,
        apiSecret,
        ...(application ? { applicationId: application.id, privateKey: application.privateKey } : {}),
      },
      apiHost ? { apiHost: apiHost.replace(/\/+$/, '') } : {},
    );
    this.sendThroughAgent(this.vonage.verify);
    this.sendThroughAgent(this.vonage.verify2);
    // The SDK signs v2 calls as an application, which not every account has.
    if (!application) internalsOf(this.vonage.verify2).authType = 'basic';
  }

  get verify(): Vonage['verify'] {
    return this.vonage.verify;
  }

  get verify2(): Vonage['verify2'] {
    return this.vonage.verify2;
  }

  close(): Promise<void> {
    return this.agent.close();
  }

  private sendThroughAgent(client: SdkClient): void {
    const internals = internalsOf(client);
    client.sendRequest = async <T>(request: SdkRequest) => {
      const prepared = await internals.prepareRequest(request);
      return (await this.exchange(prepared, internals.prepareBody(prepared))) as SdkResponse<T>;
    };
  }

  /** @throws VonageHttpError | VonageTransportError and nothing else */
  private async exchange(prepared: SdkRequest, body: string | undefined): Promise<unknown> {
    const { status, headers, text } = await this.send(prepared, body);
    if (status < 200 || status > 299) {
      throw new VonageHttpError(
        status,
        toObject(text) ?? {},
        secondsOfRetryAfter(headers['retry-after']) || undefined,
      );
    }
    // Some answers are documented without a body; every other is a JSON object, and what is not is no answer.
    const data = text === '' ? {} : toObject(text);
    if (!data) throw new VonageTransportError('a body that is not a JSON object', true);
    return { data, status };
  }

  private async send(prepared: SdkRequest, body: string | undefined) {
    try {
      const answer = await send(prepared.url, {
        dispatcher: this.agent,
        method: prepared.method as 'GET',
        headers: { ...(prepared.headers as Record<string, string>), ...this.connection.headers?.() },
        body,
        signal: AbortSignal.timeout(this.connection.timeoutMs),
        headersTimeout: this.connection.timeoutMs,
        bodyTimeout: this.connection.timeoutMs,
      });
      let text = '';
      answer.body.setEncoding('utf8');
      for await (const chunk of answer.body) {
        text += chunk as string;
        if (text.length > MAX_ANSWER_BYTES)
          throw new VonageTransportError('an answer that does not end', true);
      }
      return { status: answer.statusCode, headers: answer.headers, text };
    } catch (error) {
      throw asTransportError(error);
    }
  }
}

/** Keeps the kind of the error and drops the rest: undici's may name addresses, and a cause may hold the request. */
function asTransportError(error: unknown): VonageTransportError {
  if (error instanceof VonageTransportError) return error;
  const { name = 'Error', code } = (error ?? {}) as { name?: string; code?: unknown };
  const inner = (error as AggregateError | undefined)?.errors?.[0] as { code?: unknown } | undefined;
  const reason = String(code ?? inner?.code ?? name);
  const timedOut =
    name === 'TimeoutError' ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError;
  const isCertificateWrong = CERTIFICATE.test(reason);
  const reached = !NEVER_REACHED.has(reason) && !isCertificateWrong;
  return new VonageTransportError(timedOut ? 'timeout' : reason, reached, isCertificateWrong);
}

function toObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
