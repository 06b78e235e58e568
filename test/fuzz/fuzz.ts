import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { withoutBackgroundWork } from '../../src/background/background-job.js';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { WriteLog } from '../support/write-log.js';
import { type CallerName, Callers, CALLERS } from './callers.js';
import { type Choice, type FuzzedRequest, type OpenApiDocument, operationsOf, requests } from './requests.js';

/** A request refused for one of these was never begun: it leaves nothing behind and spends nothing. */
const REFUSED_BEFORE_ANYTHING = [
  'invalid-input',
  'invalid-phone-number',
  'payload-too-large',
  'unsupported-media-type',
  'not-acceptable',
  'cross-origin',
  'not-found',
  'unauthorized',
  'forbidden',
  'sign-in-required',
  'second-factor-required',
];
/**
 * The answer of a call with an Idempotency-Key is kept, a refusal too. The link of an accepted sign-up and the activity of
 * an account are written after the answer, so they may show up during a later request.
 */
const ALLOWED_WRITES = /(otp_idempotency_keys|host_account_links|host_activity)$/;
/** A request with nothing but valid fields is often served: at least this share, or nothing was tested. */
const LEAST_SERVED = 0.05;

/** Sends `runs` requests to every route of a running application. @throws with a seed to run the same ones again */
export async function fuzz(runs: number): Promise<void> {
  const { FUZZ_SEED: seed, FUZZ_PATH: path } = process.env;
  const application = await withoutBackgroundWork(() =>
    startApplication({ TRUST_PROXY: 'loopback', RESEND_COOLDOWN_SECONDS: '0' }),
  );
  try {
    const { body } = await application.client.json('GET', '/openapi.json');
    const operations = operationsOf(body as unknown as OpenApiDocument);
    const fuzzer = new Fuzzer(application, await WriteLog.install(application.sql));
    await fc.assert(
      fc.asyncProperty(requests(operations, CALLERS), (request) => fuzzer.send(request)),
      { numRuns: runs, ...(seed ? { seed: Number(seed) } : {}), ...(path ? { path } : {}) },
    );
    if (!path && fuzzer.served / runs < LEAST_SERVED)
      throw new Error(`only ${fuzzer.served} of ${runs} requests were served: the fuzzer tests nothing`);
  } finally {
    await application.close();
  }
}

class Fuzzer {
  served = 0;
  private readonly callers: Callers;
  /** Errors that were logged: also of the net below the DTOs, which answers 400. */
  private readonly logged: unknown[] = [];

  constructor(
    private readonly application: TestApplication,
    private readonly writes: WriteLog,
  ) {
    this.callers = new Callers(application);
    jest.spyOn(Logger.prototype, 'error').mockImplementation((what: unknown) => void this.logged.push(what));
  }

  async send(request: FuzzedRequest): Promise<void> {
    const caller = request.caller as CallerName;
    const headers = await this.callers.headers(caller);
    const url = this.application.url + (await this.pathOf(request));
    const init = await this.initOf(request, headers);
    await this.writes.take();
    this.logged.length = 0;

    const response = await fetch(url, init);
    const text = await response.text();
    const code = codeOf(response, text);
    if (request.headers.length === 0) this.callers.learn(caller, response.headers, code);
    if (response.ok) this.served += 1;
    const told = () =>
      `${request.method} ${url.slice(0, 300)} by ${caller}: ${response.status} ${text.slice(0, 300)}`;
    if (response.status >= 500) throw new Error(told());
    if (this.logged.length > 0) throw new Error(`${told()}\nlogged ${JSON.stringify(this.logged)}`);
    if (response.ok || !REFUSED_BEFORE_ANYTHING.includes(code)) return;
    const left = (await this.writes.take()).filter((what) => !ALLOWED_WRITES.test(what));
    if (left.length > 0) throw new Error(`${told()}\nleft ${left.join(', ')}`);
  }

  private async pathOf({ operation, segment, query, rawQuery, caller }: FuzzedRequest): Promise<string> {
    const name = caller as CallerName;
    let { path } = operation;
    for (const parameter of operation.parameters) {
      const valid =
        parameter === 'requestId'
          ? async () => (await this.callers.request(name, operation.path)).requestId
          : () => this.callers.id(name, operation.path);
      path = path.replace(`{${parameter}}`, segment === 'valid' ? await valid() : segment);
    }
    const fields = await this.filled(name, operation.path, operation.query, query);
    const parts = [asForm(fields).toString(), ...(rawQuery === null ? [] : [rawQuery])];
    return `${path}?${parts.filter(Boolean).join('&')}`;
  }

  private async initOf(request: FuzzedRequest, own: Record<string, string>): Promise<RequestInit> {
    const { method, operation, fields, form, raw } = request;
    const headers: Record<string, string> = { Accept: form ? 'text/html' : 'application/json', ...own };
    for (const [name, value] of request.headers) headers[name] = value;
    const init = { method, redirect: 'manual' as const, headers };
    if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return init;
    if (raw) return { ...init, headers: { ...headers, 'Content-Type': raw.type }, body: raw.body };
    if (operation.fields.length === 0) return init;
    const body = await this.filled(request.caller as CallerName, operation.path, operation.fields, fields);
    if (!form)
      return {
        ...init,
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      };
    return { ...init, body: asForm(body) };
  }

  private async filled(caller: CallerName, path: string, names: string[], choices: Choice[]) {
    const filled: Record<string, unknown> = {};
    for (const [index, name] of names.entries()) {
      const choice = choices[index]!;
      if (choice === 'absent') continue;
      const value = choice === 'valid' ? await this.valid(caller, path, name) : choice.value;
      if (value !== undefined) filled[name] = value;
    }
    return filled;
  }

  /** What a route takes in a field, undefined where it is better left out. */
  private async valid(caller: CallerName, path: string, field: string): Promise<unknown> {
    switch (field) {
      case 'requestId':
        return /admin/.test(path) ? undefined : (await this.callers.request(caller, path)).requestId;
      case 'otpCode':
        return (await this.callers.request(caller, path)).code;
      case 'phoneNumber':
        return freshNumber();
      default:
        return VALID[field];
    }
  }
}

/** A list is sent as several fields of one name, as by ticked boxes. */
const asForm = (fields: Record<string, unknown>) =>
  new URLSearchParams(
    Object.entries(fields).flatMap(([field, value]) =>
      (Array.isArray(value) ? value : [value]).map((each: unknown): [string, string] => [
        field,
        typeof each === 'string' ? each : JSON.stringify(each),
      ]),
    ),
  );

const VALID: Readonly<Record<string, unknown>> = {
  email: 'somebody@example.com',
  password: 'a password of the tests',
  label: 'my phone',
  factor: 'totp',
  returnTo: '/account',
  amount: '40.00',
  recipient: 'ACME',
  reason: 'for a test',
  why: 'for a test',
  name: 'a program',
  scopes: ['history:read'],
  days: 3,
  kind: 'country',
  value: 'FR',
  hours: 1,
  scope: 'country',
  from: '2026-01-01T00:00Z',
  groupBy: 'day',
  userId: 'nobody',
};

/** Of a problem as JSON; as a page its status says which of them it may be. */
function codeOf(response: Response, text: string): string {
  if (/json/.test(response.headers.get('content-type') ?? ''))
    return String((JSON.parse(text || '{}') as { code?: string }).code);
  const byStatus: Record<number, string> = {
    400: 'invalid-input',
    406: 'not-acceptable',
    413: 'payload-too-large',
  };
  return byStatus[response.status] ?? (response.status === 415 ? 'unsupported-media-type' : '');
}
