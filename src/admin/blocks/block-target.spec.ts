import { PhoneNumber } from '../../verification/index.js';
import { readBlockTarget } from './block-target.js';

describe('what is blocked is written in one form', () => {
  it.each([
    ['number', '001 415 556-0999', { e164: '+14155560999', label: '+1 ••• ••• ••99' }],
    ['prefix', '+1 (415) 55', { value: '141555', label: '141555' }],
    ['prefix', '+1 415 556', null],
    ['prefix', '1415', null],
    ['prefix', '14155x', null],
    ['prefix', '+49 1511', { value: '491511', label: '491511' }],
    ['country', ' gb ', { value: 'GB', label: 'GB' }],
    ['country', 'XX', null],
    ['address', '203.0.113.7', { network: '203.0.113.7/32', label: '203.0.113.7/32' }],
    ['address', '203.0.113.7/24', { network: '203.0.113.0/24', label: '203.0.113.0/24' }],
    ['address', '::ffff:203.0.113.7', { network: '203.0.113.7/32', label: '203.0.113.7/32' }],
    ['address', '::ffff:203.0.113.7/120', { network: '203.0.113.0/24', label: '203.0.113.0/24' }],
    ['address', '2001:DB8:1:2:3::4', { network: '2001:db8:1:2::/64', label: '2001:db8:1:2::/64' }],
    ['address', '2001:db8::/32', { network: '2001:db8::/32', label: '2001:db8::/32' }],
    ['address', '203.0.113.7/33', null],
    ['address', '203.0.113', null],
    ['address', 'example.com', null],
  ] as const)('%s %s', (kind, value, expected) => {
    expect(readBlockTarget(kind, value, (number) => PhoneNumber.read(number))).toEqual(expected);
  });
});
