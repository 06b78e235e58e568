import { z } from 'zod';
import type { Answer } from './answer.js';
import { invalid, missing, ownCodeNotEnabled } from './v1-answers.js';
import type { Channel, Plan } from './verification-request.js';

const WORKFLOWS: Record<string, Channel[]> = {
  1: ['sms', 'voice', 'voice'],
  2: ['sms', 'sms', 'voice'],
  3: ['voice', 'sms', 'voice'],
  4: ['sms', 'sms'],
  5: ['sms', 'voice'],
  6: ['sms'],
  7: ['voice'],
};

const LANGUAGES = (
  'ar-xa bg-bg cs-cz cy-cy cy-gb da-dk de-de ee-et el-gr en-au en-gb en-in en-us es-es es-mx es-us fi-fi fil-ph ' +
  'fr-ca fr-fr ga-ie hi-in hu-hu id-id is-is it-it ja-jp ko-kr lt-lt lv-lv mt-mt nb-no nl-nl pl-pl pt-br pt-pt ' +
  'ro-ro ru-ru sk-si sk-sk sl-si sv-se th-th tr-tr vi-vn yue-cn zh-cn zh-tw'
).split(' ');

const DEFAULT_EXPIRY_SECONDS = 300;
const MAX_WAIT_SECONDS = 900;

const seconds = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .optional();

const startSchema = z.object({
  number: z.string().regex(/^[1-9]\d{6,14}$/),
  brand: z.string().max(18),
  sender_id: z
    .string()
    .regex(/^[A-Za-z0-9 ]{1,11}$/)
    .default('verify'),
  lg: z.enum(LANGUAGES).default('en-us'),
  code_length: z.enum(['4', '6']).default('4'),
  pin_expiry: seconds(60, 3600),
  next_event_wait: seconds(60, MAX_WAIT_SECONDS),
  workflow_id: z.enum(Object.keys(WORKFLOWS)).default('1'),
});

/** The parameters of a call by name: text, or undefined where one was absent, empty or neither text nor a number. */
export type V1Parameters = Readonly<Record<string, string | undefined>>;

/** @param parameters of JSON, a form or the query */
export function readParameters(parameters: object): V1Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'number' ? String(value) : typeof value === 'string' && value ? value : undefined,
    ]),
  );
}

/** @returns what to send, or the answer that names the first wrong parameter; missing ones come first */
export function readStart(parameters: V1Parameters, accountId: string): Plan | Answer {
  const { data, error } = startSchema.safeParse(parameters);
  if (error) {
    const absent = error.issues.find(({ path }) => parameters[String(path[0])] === undefined);
    return absent ? missing(String(absent.path[0])) : invalid(String(error.issues[0]!.path[0]));
  }
  if (parameters['pin_code'] !== undefined) return ownCodeNotEnabled();
  return {
    api: 'v1',
    accountId,
    brand: data.brand,
    locale: data.lg,
    senderId: data.sender_id,
    codeLength: Number(data.code_length),
    steps: WORKFLOWS[data.workflow_id]!.map((channel) => ({ channel, to: data.number })),
    ...timing(data.pin_expiry, data.next_event_wait),
  };
}

/**
 * Vonage accepts an expiry that is not a multiple of the wait, and uses the wait as the expiry. If only one is given, the
 * other follows it, so that no code expires before the next event [inferred].
 */
function timing(expiry: number | undefined, wait: number | undefined) {
  if (expiry === undefined) {
    return { codeSeconds: wait ?? DEFAULT_EXPIRY_SECONDS, stepSeconds: wait ?? DEFAULT_EXPIRY_SECONDS };
  }
  if (wait === undefined) return { codeSeconds: expiry, stepSeconds: Math.min(expiry, MAX_WAIT_SECONDS) };
  return { codeSeconds: expiry % wait === 0 ? expiry : wait, stepSeconds: wait };
}

/** The sandbox's ids are 32 hex digits, but any short alphanumeric id is treated as unknown rather than invalid. */
export const isRequestId = (id: string): boolean => /^[A-Za-z0-9]{1,32}$/.test(id);
