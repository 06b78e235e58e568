import type { Answer } from './answer.js';
import { invalid, missing, ownCodeNotEnabled } from './v1-answers.js';
import type { Plan } from './verification-request.js';
import type { Channel } from './words.js';

/** From JSON, form or query: nothing about them is certain. */
export type V1Parameters = Readonly<Record<string, unknown>>;

const WORKFLOWS: Record<string, Channel[]> = {
  1: ['sms', 'voice', 'voice'],
  2: ['sms', 'sms', 'voice'],
  3: ['voice', 'sms', 'voice'],
  4: ['sms', 'sms'],
  5: ['sms', 'voice'],
  6: ['sms'],
  7: ['voice'],
};

const LANGUAGES = new Set(
  (
    'ar-xa bg-bg cs-cz cy-cy cy-gb da-dk de-de ee-et el-gr en-au en-gb en-in en-us es-es es-mx es-us fi-fi fil-ph ' +
    'fr-ca fr-fr ga-ie hi-in hu-hu id-id is-is it-it ja-jp ko-kr lt-lt lv-lv mt-mt nb-no nl-nl pl-pl pt-br pt-pt ' +
    'ro-ro ru-ru sk-si sk-sk sl-si sv-se th-th tr-tr vi-vn yue-cn zh-cn zh-tw'
  ).split(' '),
);

const DEFAULT_EXPIRY_SECONDS = 300;
const MAX_WAIT_SECONDS = 900;

/** A text or a number as text; undefined when absent, empty or something else. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @returns what to do, or the answer that says what is wrong */
export function readStart(parameters: V1Parameters, accountId: string): Plan | Answer {
  const number = text(parameters['number']);
  const brand = text(parameters['brand']);
  if (!number) return missing('number');
  if (!brand) return missing('brand');
  if (!/^[1-9]\d{6,14}$/.test(number)) return invalid('number');
  if (brand.length > 18) return invalid('brand');
  const senderId = text(parameters['sender_id']) ?? 'verify';
  if (!/^[A-Za-z0-9 ]{1,11}$/.test(senderId)) return invalid('sender_id');
  if (!LANGUAGES.has(text(parameters['lg']) ?? 'en-us')) return invalid('lg');
  const codeLength = within(parameters['code_length'], 4, 6);
  if (codeLength === null || codeLength === 5) return invalid('code_length');
  const expiry = within(parameters['pin_expiry'], 60, 3600);
  if (expiry === null) return invalid('pin_expiry');
  const wait = within(parameters['next_event_wait'], 60, MAX_WAIT_SECONDS);
  if (wait === null) return invalid('next_event_wait');
  const channels = WORKFLOWS[text(parameters['workflow_id']) ?? '1'];
  if (!channels) return invalid('workflow_id');
  if (parameters['pin_code'] !== undefined) return ownCodeNotEnabled();
  const { codeSeconds, stepSeconds } = timing(expiry, wait);
  return {
    api: 'v1',
    accountId,
    brand,
    senderId,
    codeLength: codeLength ?? 4,
    steps: channels.map((channel) => ({ channel, to: number })),
    stepSeconds,
    codeSeconds,
  };
}

/**
 * Vonage does not refuse an expiry that is no multiple of the wait: the expiry becomes the wait. Where only one is
 * given the other follows it, so that no code dies before the next event [inferred].
 */
function timing(expiry: number | undefined, wait: number | undefined) {
  if (expiry === undefined) {
    return { codeSeconds: wait ?? DEFAULT_EXPIRY_SECONDS, stepSeconds: wait ?? DEFAULT_EXPIRY_SECONDS };
  }
  if (wait === undefined) return { codeSeconds: expiry, stepSeconds: Math.min(expiry, MAX_WAIT_SECONDS) };
  return { codeSeconds: expiry % wait === 0 ? expiry : wait, stepSeconds: wait };
}

/** Undefined when absent, null when out of range or not a whole number. */
function within(value: unknown, min: number, max: number): number | undefined | null {
  const given = text(value);
  if (given === undefined) return undefined;
  const number = /^\d{1,4}$/.test(given) ? Number(given) : Number.NaN;
  return number >= min && number <= max ? number : null;
}

/** What the other operations speak of: 32 hex digits from us, but anything short and plain could have been. */
export function readRequestId(parameters: V1Parameters): string | Answer {
  const id = text(parameters['request_id']);
  if (!id) return missing('request_id');
  return isRequestId(id) ? id : invalid('param: request_id');
}

export const isRequestId = (id: string): boolean => /^[A-Za-z0-9]{1,32}$/.test(id);
