import { addressBucket } from './client-address.js';

describe('addressBucket', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::1', '::/64'],
    ['2001:db8:0:0:1::', '2001:db8::/64'],
    ['2001:DB8:0:0::/64', '2001:db8::/64'],
    ['0:0:0:0::/64', '::/64'],
    ['', 'unknown'],
    ['not an address', 'unknown'],
  ])('puts %s into %s', (address, bucket) => {
    expect(addressBucket(address)).toBe(bucket);
  });
});
