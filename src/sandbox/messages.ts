import { randomInt } from 'node:crypto';
import type { Channel } from './words.js';

/** EUR per message or call; invented, but different enough to tell them apart in a sum. */
const PRICES: Record<Channel, number> = {
  sms: 0.05,
  voice: 0.08,
  whatsapp: 0.04,
  rcs: 0.04,
  email: 0.01,
  silent_auth: 0.03,
};

/** What v1 asks for a successful verification, on top of the messages. */
export const SUCCESS_PRICE = 0.1;

export const price = (channel: Channel): number => PRICES[channel];
export const euros = (amount: number, decimals: number): string => amount.toFixed(decimals);

/** All values are equally likely, those with leading zeros too. */
export function randomCode(length: number): string {
  return randomInt(10 ** length)
    .toString()
    .padStart(length, '0');
}

export function messageText(channel: Channel, brand: string, code: string, seconds: number): string {
  if (channel === 'voice') return `Your ${brand} code is ${code.split('').join(', ')}.`;
  return `${brand} code: ${code}. Valid for ${duration(seconds)}.`;
}

function duration(seconds: number): string {
  const [amount, unit] = seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
