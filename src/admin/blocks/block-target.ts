import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type BlockKind, isCountry, type NumberReading } from '../../verification/index.js';

/** What a block names, in the one form in which it is compared. */
export interface BlockTarget {
  /** Of a number: never stored in clear. */
  e164?: string;
  /** Of a prefix or a country. */
  value?: string;
  /** Of an address: CIDR. */
  network?: string;
  /** For people. */
  label: string;
}

/** Callers are known by their IPv4 address or their IPv6 /64: nothing narrower could ever be met. */
const NARROWEST_IPV6 = 64;

/**
 * @param readNumber reads a number as everywhere in the application
 * @returns null when the value is none of its kind
 */
export function readBlockTarget(
  kind: BlockKind,
  value: string,
  readNumber: (text: string) => NumberReading,
): BlockTarget | null {
  switch (kind) {
    case 'number': {
      const { phone } = readNumber(value);
      return phone && { e164: phone.e164, label: phone.toString() };
    }
    case 'prefix': {
      const digits = value.replace(/[\s()+.-]/g, '');
      return /^[1-9]\d{5}$/.test(digits) ? { value: digits, label: digits } : null;
    }
    case 'country': {
      const country = value.trim().toUpperCase();
      return isCountry(country) ? { value: country, label: country } : null;
    }
    case 'address': {
      const network = readNetwork(value.trim());
      return network === null ? null : { network, label: network };
    }
  }
}

/** `203.0.113.7`, `203.0.113.0/24`, `::ffff:203.0.113.7`, `2001:db8::/32`, in CIDR with the host's bits cleared. */
function readNetwork(text: string): string | null {
  const [address = '', length] = text.split('/', 2);
  if (!isIP(address) || (length !== undefined && !/^\d{1,3}$/.test(length))) return null;
  const written = ipaddr.parse(address);
  const parsed = ipaddr.process(address);
  const isMapped = written.kind() !== parsed.kind();
  const most = parsed.kind() === 'ipv4' ? 32 : 128;
  const bits = length === undefined ? most : Number(length) - (isMapped ? 96 : 0);
  if (bits < 0 || bits > most) return null;
  const kept = parsed.kind() === 'ipv4' ? bits : Math.min(bits, NARROWEST_IPV6);
  const network =
    parsed.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${parsed.toString()}/${kept}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${kept}`);
  return `${network.toString()}/${kept}`;
}
