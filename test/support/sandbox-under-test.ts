import {
  type LedgerEntry,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../src/sandbox/index.js';

export interface Answered {
  status: number;
  body: any;
  headers: Headers;
}

export const BASIC = `Basic ${Buffer.from('abcdef01:secret').toString('base64')}`;

/** A sandbox of its own on a free port, and short ways to call it over HTTP. */
export async function sandboxUnderTest(options: Partial<SandboxOptions> = {}) {
  const sandbox: Sandbox = await startSandbox({ port: 0, requestsPerSecond: 0, ...options });
  let numbers = 0;

  const call = async (
    method: string,
    path: string,
    body?: object,
    headers: object = {},
  ): Promise<Answered> => {
    const response = await fetch(sandbox.url + path, {
      method,
      headers: { authorization: BASIC, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? null : JSON.parse(text),
      headers: response.headers,
    };
  };

  return {
    sandbox,
    call,
    /** A number that behaves normally, new each time. */
    freshNumber: () => `1415556${String(++numbers).padStart(4, '0')}`,
    v1: async (operation: '' | 'check/' | 'control/' | 'search/', parameters: object) =>
      (await call('POST', `/verify/${operation}json`, parameters)).body,
    v1Start: async (number: string, more: object = {}): Promise<string> =>
      (await call('POST', '/verify/json', { number, brand: 'Acme', ...more })).body.request_id,
    v2Start: (to: string, more: object = {}) =>
      call('POST', '/v2/verify', { brand: 'Acme', workflow: [{ channel: 'sms', to }], ...more }),
    advance: (advanceSeconds: number) => call('POST', '/clock', { advanceSeconds }),
    fault: (fault: object) => call('POST', '/faults', fault),
    newest: (to: string): LedgerEntry => {
      const message = sandbox.ledger(to).at(-1);
      if (!message) throw new Error(`nothing was sent to ${to}`);
      return message;
    },
  };
}
export type SandboxUnderTest = Awaited<ReturnType<typeof sandboxUnderTest>>;

export const wrong = (code: string): string =>
  code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));
