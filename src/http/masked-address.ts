import type { Request } from 'express';
import ipaddr from 'ipaddr.js';

/**
 * Returns the network of a request for people to read: IPv4 as its /24, IPv6 as its /48. It shows roughly where the
 * request came from but does not identify a connection.
 */
export function maskedAddress({ ip = '' }: Pick<Request, 'ip'>): string {
  const bare = ip.replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return 'unknown';
  const address = ipaddr.process(bare);
  if (address.kind() === 'ipv4') {
    const [a, b, c] = (address as ipaddr.IPv4).octets;
    return `${a}.${b}.${c}.0/24`;
  }
  const network = (address as ipaddr.IPv6).parts.slice(0, 3);
  return `${new ipaddr.IPv6([...network, 0, 0, 0, 0, 0]).toRFC5952String()}/48`;
}
