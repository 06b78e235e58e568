import { checkOptions, having, type OptionKind, TEXT } from '../options/check-options.js';
import type { Factor } from './challenge/factor.js';
import type { PasskeyOptions } from './two-factor.options.js';

/** What sessions name themselves. A factor of this name would be taken for ours. */
const OUR_METHODS = ['sms', 'totp', 'passkey', 'recovery', 'browser'];

const OWN_NAME: OptionKind = {
  is: (value) => TEXT.is(value) && !OUR_METHODS.includes(value as string),
  words: `a name of its own, not ${OUR_METHODS.join(', ')}`,
};

const RP_ID: OptionKind = {
  is: (value) => typeof value === 'string' && /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(value),
  words: 'a host name in lower case, such as example.com, without scheme and port',
};

/** @throws TypeError that names the factor by its place, and what is wrong with it */
export function checkFactors(factors: readonly Factor[]): void {
  const methods = factors.map((factor, index) => {
    const name = `TwoFactorModule: factors[${index}]`;
    if (!having(['enrolledBy'], '').is(factor))
      throw new TypeError(`${name} must be a Factor, made with new`);
    const { method, amr } = factor;
    for (const [part, value, { is, words }] of [
      ['method', method, OWN_NAME],
      ['amr', amr, TEXT],
    ] as const)
      if (!is(value)) throw new TypeError(`${name}.${part} must be ${words}`);
    return method;
  });
  const twice = methods.find((method, index) => methods.indexOf(method) < index);
  if (twice) throw new TypeError(`TwoFactorModule: factors has the method ${twice} twice`);
}

/** @throws TypeError that names the option, and what it should be */
export const checkPasskeys = (given: PasskeyOptions): void =>
  checkOptions('TwoFactorModule: passkeys', given, { rpId: RP_ID });
