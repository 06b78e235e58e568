import type { Request } from 'express';
import ipaddr from 'ipaddr.js';

/**
 * The client's address as limits count it: IPv4 as it is, also when mapped into IPv6 (`::ffff:`), and IPv6 by its /64,
 * because one subscriber owns a whole /64. Express has already applied `trust proxy`.
 */
export function clientAddress(request: Pick<Request, 'ip'>): string {
  return addressBucket(request.ip ?? '');
}

/** Does the same for an address as text. A bucket stays as it is. */
export function addressBucket(address: string): string {
  const bare = address.replace(/%.*$|\/64$/, '');
  if (!ipaddr.isValid(bare)) return 'unknown';
  const parsed = ipaddr.process(bare);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = (parsed as ipaddr.IPv6).parts.slice(0, 4);
  return `${new ipaddr.IPv6([...network, 0, 0, 0, 0]).toRFC5952String()}/64`;
}
