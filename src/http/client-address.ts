import { isIP } from 'node:net';
import type { Request, RequestHandler } from 'express';
import ipaddr from 'ipaddr.js';

/** The parts of a request that tell where it comes from. Express has applied `trust proxy` to `ip` and `ips`. */
export type FromAddress = Pick<Request, 'ip'> & Partial<Pick<Request, 'ips' | 'socket'>>;

/**
 * The client's address as limits count it: IPv4 as it is, also when mapped into IPv6 (`::ffff:`), and IPv6 by its /64,
 * because one subscriber owns a whole /64.
 */
export function clientAddress(request: FromAddress): string {
  const address = parsedAddress(request);
  return address ? bucketOf(address) : UNKNOWN;
}

/** Does the same for an address as text. A bucket stays as it is. */
export function addressBucket(address: string): string {
  const parsed = parse(address.replace(/\/64$/, ''));
  return parsed ? bucketOf(parsed) : UNKNOWN;
}

/**
 * Rewrites `X-Forwarded-For` so that Express finds only addresses in it: Azure and IIS write `203.0.113.7:50007` and
 * `[2001:db8::1]:443`. An entry that is no address (`unknown`, `_hidden`) keeps its place, because hops are counted.
 */
export const normaliseForwardedFor: RequestHandler = (request, _response, next) => {
  const forwarded = request.headers['x-forwarded-for'];
  if (typeof forwarded === 'string')
    request.headers['x-forwarded-for'] = forwarded
      .split(',')
      .map((hop) => withoutPort(hop) ?? hop.trim())
      .join(', ');
  next();
};

/** The client's address. Where a proxy has written something else in its place, the address of that proxy. */
export function parsedAddress({ ip, ips = [], socket }: FromAddress): ipaddr.IPv4 | ipaddr.IPv6 | null {
  for (const hop of [ip, ...ips, socket?.remoteAddress]) {
    const address = parse(hop ?? '');
    if (address) return address;
  }
  return null;
}

const UNKNOWN = 'unknown';

function bucketOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address.kind() === 'ipv4') return address.toString();
  const network = (address as ipaddr.IPv6).parts.slice(0, 4);
  return `${new ipaddr.IPv6([...network, 0, 0, 0, 0]).toRFC5952String()}/64`;
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const address = withoutPort(text);
  return address === null ? null : ipaddr.process(address);
}

/** An address without brackets, port and zone; null for anything else, also for IPv4 that is not four decimal numbers. */
function withoutPort(text: string): string | null {
  const [, inBrackets, beforePort] = /^(?:"?\[(.+)\](?::\d*)?"?|"?([\d.]+):\d*"?)$/.exec(text.trim()) ?? [];
  const address = (inBrackets ?? beforePort ?? text.trim()).replace(/%.*$/, '');
  return isIP(address) === 0 ? null : address;
}
