import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { diagnose } from '../../src/commands/doctor/diagnose.js';
import type { Finding } from '../../src/commands/doctor/finding.js';
import { KeyCanary } from '../../src/verification/index.js';
import { startApplication } from '../support/application.js';

export const PASSWORD = 'not-to-be-printed';

/** What was found by one check, or all checks whose name begins so. */
export const of = (findings: Finding[], check: string) =>
  findings.filter((each) => each.check.startsWith(check));
export const statesOf = (findings: Finding[], check: string) => of(findings, check).map(({ state }) => state);
export const textOf = (findings: Finding[]) => JSON.stringify(findings);

export type ProxyHeaders = (given: NodeJS.Dict<string | string[]>) => Record<string, string>;

/** A proxy that sends these headers to the application, whatever else it got. */
export async function startProxy(target: string, headers: ProxyHeaders) {
  const proxy = createServer((request, response) => {
    void fetch(target + request.url!, {
      headers: { accept: 'application/json', ...headers(request.headers) },
    }).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return { url, close: () => proxy.close().closeAllConnections() };
}

/** As nginx with `$proxy_add_x_forwarded_for`. */
export const APPENDING: ProxyHeaders = ({ host, 'x-forwarded-for': given }) => ({
  'x-forwarded-for': [given, '198.51.100.7'].filter(Boolean).join(', '),
  'x-forwarded-proto': 'http',
  'x-forwarded-host': String(host),
});

/** An application, and what the doctor finds in its environment. */
export async function doctorUnderTest() {
  const application = await startApplication({ TRUST_PROXY: 'loopback' });
  await application.app.get(KeyCanary, { strict: false }).write();
  const environment = (more: Record<string, string> = {}): Record<string, string> => ({
    NODE_ENV: 'test',
    DATABASE_URL: application.databaseUrl,
    DATA_DIRECTORY: application.dataDirectory,
    VONAGE_API_HOST: application.sandbox.url,
    ...more,
  });
  return {
    application,
    environment,
    findings: (more: Record<string, string> = {}) => diagnose(environment(more)),
    close: () => application.close(),
  };
}
export type DoctorUnderTest = Awaited<ReturnType<typeof doctorUnderTest>>;
