import ipaddr from 'ipaddr.js';
import { type FromAddress, parsedAddress } from './client-address.js';

/**
 * Returns the network of a request for people to read: IPv4 as its /24, IPv6 as its /48. It shows roughly where the
 * request came from but does not identify a connection.
 */
export function maskedAddress(request: FromAddress): string {
  const address = parsedAddress(request);
  if (!address) return 'unknown';
  if (address.kind() === 'ipv4') {
    const [a, b, c] = (address as ipaddr.IPv4).octets;
    return `${a}.${b}.${c}.0/24`;
  }
  const network = (address as ipaddr.IPv6).parts.slice(0, 3);
  return `${new ipaddr.IPv6([...network, 0, 0, 0, 0, 0]).toRFC5952String()}/48`;
}
