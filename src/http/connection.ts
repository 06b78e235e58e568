import { Logger } from '@nestjs/common';
import type { Request, RequestHandler } from 'express';
import { maskedAddress } from './masked-address.js';

/** What only proxies send. A request that has one of them came through a proxy, or pretends so. */
const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
];
/** Browsers treat them as HTTPS, except Safari. */
const LOOPBACK_HOST = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

const forwardedHeaders = ({ headers }: Request) => FORWARDED.filter((name) => headers[name] !== undefined);

/** Whether `trust proxy` trusts the peer that opened the connection, so that its `X-Forwarded-*` headers are believed. */
function isPeerTrusted({ app, socket }: Request): boolean {
  const trusts = app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  return trusts(socket.remoteAddress, 0);
}

/**
 * The origins at which a browser may have opened our page: from the `Host` header, or what a trusted proxy says that it
 * replaced. A proxy that is not trusted can say nothing.
 * @param https with it our origin is HTTPS even when the proxy that terminates TLS is not trusted to say so
 */
export function originsOf(request: Request, https: boolean): string[] {
  const hosts = [request.host].filter((host) => /^[^\s/@\\?#]+$/.test(host ?? ''));
  const port = /^\d{1,5}$/.exec(request.get('x-forwarded-port') ?? '')?.[0];
  // Some proxies give the port beside the name, and only there.
  if (port && isPeerTrusted(request))
    hosts.push(...hosts.map((host) => `${host?.replace(/:\d+$/, '')}:${port}`));
  const schemes = [request.protocol, ...(https ? ['https'] : [])];
  return schemes
    .flatMap((scheme) => hosts.map((host) => `${scheme}://${host}`))
    .flatMap((url) => (URL.canParse(url) ? [new URL(url).origin] : []));
}

/**
 * Whether a browser keeps a cookie that is for HTTPS only (`Secure`, `__Host-`) when this request is answered with one:
 * over HTTPS, and on the browser's own machine.
 */
export function keepsSecureCookies(request: Request): boolean {
  if (request.secure) return true;
  // The host of a proxied request may be that of the proxy's upstream.
  return forwardedHeaders(request).length === 0 && LOOPBACK_HOST.test(request.hostname ?? '');
}

/** Logs once that there is a proxy in front that is not trusted. Until it is, all clients count as that proxy. */
export function warnAboutUntrustedProxy(): RequestHandler {
  const logger = new Logger('Http');
  let hasWarned = false;
  return (request, _response, next) => {
    if (!hasWarned && forwardedHeaders(request).length > 0 && !isPeerTrusted(request)) {
      hasWarned = true;
      logger.warn(
        { peer: maskedAddress({ ip: request.socket.remoteAddress }), headers: forwardedHeaders(request) },
        'X-Forwarded-* headers come from a peer that is not trusted and are ignored: all clients behind it count as one ' +
          'address, and HTTPS is not recognised. If it is your proxy, set TRUST_PROXY',
      );
    }
    next();
  };
}

/** How a request looks to the application. */
export interface ConnectionReport {
  /** The client's network, by which limits tell clients apart. */
  client: string;
  protocol: string;
  host: string;
  /** The headers of proxies that it came with. */
  forwardedHeaders: string[];
  /** Whether those headers are believed. */
  isProxyTrusted: boolean;
  /** What is wrong with it, each as a sentence for operators. */
  problems: string[];
}

/**
 * Describes the connection of a request from outside, for operators who set up a proxy.
 * @param expected.https the application is reached over HTTPS only
 * @param expected.publicUrl the address at which people reach it
 */
export function describeConnection(
  request: Request,
  { https, publicUrl }: { https: boolean; publicUrl?: string | null },
): ConnectionReport {
  const headers = forwardedHeaders(request);
  const isProxyTrusted = isPeerTrusted(request);
  const client = maskedAddress(request);
  const origin = publicUrl ? new URL(publicUrl).origin : null;
  const problems = [
    headers.length > 0 &&
      !isProxyTrusted &&
      'The proxy is not trusted, so its X-Forwarded-* headers are ignored. Set TRUST_PROXY.',
    isProxyTrusted &&
      !headers.some((name) => name.startsWith('x-')) &&
      'The proxy is trusted but sends no X-Forwarded-* headers. Let it send X-Forwarded-For and X-Forwarded-Proto.',
    https &&
      !request.secure &&
      'The connection counts as plain HTTP, so nobody can sign in. Terminate TLS in front, and set TRUST_PROXY.',
    origin !== null &&
      !originsOf(request, false).includes(origin) &&
      `PUBLIC_URL is ${origin}, but this request looks as if it was sent to another origin.`,
    client === 'unknown' && 'The client has no address. Let the proxy send X-Forwarded-For.',
  ];
  return {
    client,
    protocol: request.protocol,
    host: request.host ?? '',
    forwardedHeaders: headers,
    isProxyTrusted,
    problems: problems.filter((problem) => problem !== false),
  };
}
