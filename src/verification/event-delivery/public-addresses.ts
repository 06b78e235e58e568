import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A webhook leads into a network of ours, or to this machine. */
export class PrivateAddressError extends Error {
  readonly code = 'private-address';
}

/** Whether an address is one on the internet. Other text is not. */
export const isPublic = (address: string): boolean =>
  isIP(address) !== 0 && ipaddr.process(address).range() === 'unicast';

/** Whether the host of a URL is written as an address that is not on the internet. Names are looked up only when connecting. */
export function isPrivateLiteral(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && !isPublic(address);
}

/**
 * Looks names up for `net.connect`, and refuses those with an address that is not on the internet. Checked when connecting
 * and not before, because the name may have another address by then.
 */
export const lookupPublic: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses = found as LookupAddress[] | undefined;
    if (error || !addresses) return done(error, '');
    if (!addresses.every(({ address }) => isPublic(address))) return done(new PrivateAddressError(), '');
    const [first] = addresses;
    return options.all ? done(null, addresses) : done(null, first!.address, first!.family);
  });
};
