import { request } from 'undici';
import { describeFailure } from '../../diagnostics/index.js';
import { SmtpMailer } from '../../host/index.js';
import type { ConnectionReport } from '../../http/index.js';
import { resolveEventDelivery } from '../../verification/event-delivery/event-delivery.options.js';
import { isPublic } from '../../verification/event-delivery/public-addresses.js';
import { WebhookClient } from '../../verification/event-delivery/webhook-client.js';
import type { Known } from './check-configuration.js';
import { clockFinding, type Finding, ok, warning, wrong } from './finding.js';

const TIMEOUT_MS = 5000;
const VONAGE = 'https://api.nexmo.com';
/** Reserved for documentation, so nobody's. */
const FORGED_NETWORK = '192.0.2.';
const FORGED_ADDRESS = `${FORGED_NETWORK}77`;

const causeOf = (error: unknown): string => {
  const { cause, code, error: message } = describeFailure(error);
  return (error as Error).name === 'TimeoutError'
    ? 'no answer in time'
    : (cause ?? code ?? message ?? 'it failed');
};

/** Asks without following redirects. @throws when there is no answer */
const ask = (url: string, headers: Record<string, string> = {}) =>
  request(url, {
    headers: { accept: 'application/json', ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });

/** Whether Vonage, or the sandbox in its place, can be reached, and whether the clocks agree. Sends no credentials. */
export async function checkVonage({ config, variables }: Known): Promise<Finding[]> {
  const isSandbox = config?.sandbox ?? !variables.VONAGE_API_KEY;
  const own = `http://127.0.0.1:${variables.SANDBOX_PORT}`;
  const url = variables.VONAGE_API_HOST ?? (isSandbox ? own : VONAGE);
  const name = isSandbox && !variables.VONAGE_API_HOST ? 'the sandbox' : new URL(url).host;
  const askedAt = Date.now();
  const began = performance.now();
  try {
    const { headers, body } = await ask(url);
    const roundTrip = (performance.now() - began) / 1000;
    await body.dump();
    const date = Date.parse(String(headers['date']));
    return [
      ok('vonage', `${name} answers; the credentials are tried with the first message only`),
      // The header has no fractions of a second.
      ...(Number.isNaN(date) ? [] : [clockFinding('vonage clock', (askedAt - date) / 1000, roundTrip + 1)]),
    ];
  } catch (error) {
    const finding = isSandbox ? warning : wrong;
    const advice = isSandbox
      ? 'It runs beside npm start, or by npm run sandbox.'
      : 'Check the firewall, DNS and VONAGE_API_HOST. Outgoing HTTPS must be allowed.';
    return [finding('vonage', `${name} cannot be reached: ${causeOf(error)}`, advice)];
  }
}

/** Sends a request through the proxy in front, and looks at it with the eyes of the application. */
export async function checkProxy({ variables: { PUBLIC_URL: publicUrl } }: Known): Promise<Finding[]> {
  const check = 'proxy';
  if (!publicUrl)
    return [
      warning(
        check,
        'not checked, because PUBLIC_URL is not set',
        'From another machine: curl https://<your address>/health/connection; "problems" must be empty.',
      ),
    ];
  const url = `${publicUrl.replace(/\/+$/, '')}/health/connection`;
  let report: ConnectionReport;
  let forged: ConnectionReport;
  try {
    report = await connectionReport(url);
    forged = await connectionReport(url, {
      'x-forwarded-for': FORGED_ADDRESS,
      forwarded: `for=${FORGED_ADDRESS};proto=https`,
    });
  } catch (error) {
    return [
      wrong(
        check,
        `${new URL(publicUrl).origin} does not lead to the application: ${causeOf(error)}`,
        'The application must run. Check DNS, the certificate and the proxy, also from another machine.',
      ),
    ];
  }
  const findings = report.problems.map((problem) => wrong(check, problem));
  // Seen from a network that the application trusts, a forged address looks like a further proxy.
  const [network = ''] = report.client.split('/');
  if (isPublic(network) && forged.client.startsWith(FORGED_NETWORK))
    findings.push(
      wrong(
        check,
        'anybody can choose the address that they are counted under, by a header of their own',
        'Let the proxy replace X-Forwarded-For or append to it, and name exactly your proxies in TRUST_PROXY.',
      ),
    );
  const { client, protocol, host, forwardedHeaders } = report;
  return findings.length > 0
    ? findings
    : [
        ok(
          check,
          `the application sees ${protocol}://${host}, the network ${client}, and ${forwardedHeaders.join(', ') || 'no header of a proxy'}`,
        ),
      ];
}

async function connectionReport(
  url: string,
  headers: Record<string, string> = {},
): Promise<ConnectionReport> {
  const { statusCode, body } = await ask(url, headers);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`it answers ${statusCode}`);
  try {
    return JSON.parse(text) as ConnectionReport;
  } catch {
    throw new Error('something else answers there');
  }
}

/** Whether the receiver of events can be reached. Posts no event. */
export async function checkWebhook({ config }: Known): Promise<Finding[]> {
  const check = 'webhook';
  const given = config?.options.verification['events'];
  if (!config) return [];
  if (!given?.webhook) return [ok(check, 'not used: WEBHOOKS_URL is not set')];
  let client: WebhookClient | undefined;
  try {
    const { webhook } = resolveEventDelivery(given);
    client = new WebhookClient(webhook!);
    const problem = await client.reach();
    const { length } = webhook!.secrets;
    return [
      problem === null
        ? ok(
            check,
            `${new URL(webhook!.url).host} answers; events are signed with ${length} secret${length > 1 ? 's' : ''}`,
          )
        : wrong(
            check,
            `${new URL(webhook!.url).host} cannot be reached: ${problem}`,
            'docs/events.md explains what it must be.',
          ),
    ];
  } catch (error) {
    return [wrong(check, (error as Error).message)];
  } finally {
    await client?.close();
  }
}

/** Whether the mail server takes the user and the password. Sends no e-mail. */
export async function checkMail({ config, variables }: Known): Promise<Finding[]> {
  const check = 'e-mail';
  const { SMTP_URL: url, MAIL_FROM: from = '' } = variables;
  if (!url && config?.production)
    return [
      warning(
        check,
        'SMTP_URL is not set: sign-up and password reset answer 503',
        'Set SMTP_URL and MAIL_FROM.',
      ),
    ];
  if (!url) return [ok(check, 'printed on the console: SMTP_URL is not set')];
  const { host } = new URL(url);
  try {
    await new SmtpMailer(url, from).verify();
    return [ok(check, `${host} lets the application in`)];
  } catch (error) {
    return [wrong(check, `${host}: ${causeOf(error)}`, 'Check SMTP_URL, its password and the firewall.')];
  }
}
