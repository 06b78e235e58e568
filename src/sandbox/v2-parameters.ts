import { z } from 'zod';
import type { Answer } from './answer.js';
import { invalidParameters } from './v2-problems.js';
import type { Plan } from './verification-request.js';

const phoneNumber = z.string().regex(/^[1-9]\d{6,14}$/, 'Must be 7 to 15 digits in E.164 without +');
const sender = (max: number) => z.string().min(1).max(max);

const step = z.discriminatedUnion('channel', [
  z.object({
    channel: z.literal('sms'),
    to: phoneNumber,
    from: sender(15).optional(),
    app_hash: z.string().length(11).optional(),
    entity_id: sender(20).optional(),
    content_id: sender(20).optional(),
    reuse_code: z.boolean().optional(),
  }),
  z.object({ channel: z.literal('voice'), to: phoneNumber }),
  z.object({
    channel: z.literal('whatsapp'),
    to: phoneNumber,
    from: sender(50),
    mode: z.enum(['zero_tap', 'otp_code']).optional(),
  }),
  z.object({ channel: z.literal('rcs'), to: phoneNumber, from: sender(15) }),
  z.object({ channel: z.literal('email'), to: z.email(), from: z.string().optional() }),
  z.object({
    channel: z.literal('silent_auth'),
    to: phoneNumber,
    redirect_url: z.url().optional(),
    coverage_check: z.boolean().optional(),
    mode: z.enum(['standard', 'advanced']).optional(),
  }),
]);

const startSchema = z.object({
  brand: z
    .string({ error: (issue) => (issue.input === undefined ? 'Brand is required' : 'Must be a string') })
    .min(1)
    .max(18)
    .regex(/^[^/{}:$]*$/, 'Must not contain / { } : $'),
  workflow: z
    .array(step)
    .min(1)
    .max(3)
    .refine((steps) => steps.findIndex(({ channel }) => channel === 'silent_auth') <= 0, {
      error: 'silent_auth must be the first step',
    }),
  channel_timeout: z.int().min(15).max(900).default(180),
  code_length: z.int().min(4).max(10).default(4),
  code: z
    .string()
    .regex(/^[a-zA-Z0-9]{4,10}$/)
    .optional(),
  client_ref: z
    .string()
    .regex(/^[a-zA-Z0-9]{1,40}$/, 'Must be 1 to 40 letters and digits')
    .optional(),
  locale: z
    .string()
    .regex(/^[a-z]{2,3}-[a-z]{2}$/, 'Must be like en-gb')
    .optional(),
  template_id: z.string().optional(),
  fraud_check: z.boolean().optional(),
});

/** @returns what to send, or the answer that names every wrong parameter */
export function readStart(body: unknown, accountId: string): Plan | Answer {
  const { data, error } = startSchema.safeParse(body ?? {});
  if (error) {
    return invalidParameters(
      error.issues.map(({ path, message }) => ({ name: parameterName(path), reason: message })),
    );
  }
  return {
    api: 'v2',
    accountId,
    brand: data.brand,
    senderId: data.brand,
    codeLength: data.code_length,
    code: data.code,
    locale: data.locale,
    steps: data.workflow.map((each) => ({
      channel: each.channel,
      to: each.to,
      reuseCode: each.channel === 'sms' && each.reuse_code,
    })),
    stepSeconds: data.channel_timeout,
    codeSeconds: data.channel_timeout,
    clientRef: data.client_ref,
  };
}

/** The parameter's name as Vonage writes it, such as `workflow[0].to`. */
function parameterName(path: PropertyKey[]): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return name.replace(/^\./, '') || 'body';
}

const named = z.object({ workflow: z.tuple([z.object({ to: z.string() })], z.unknown()) });

/** The destination of the first step, whether the rest of the start is valid or not. */
export const firstDestination = (body: unknown): string | undefined =>
  named.safeParse(body).data?.workflow[0].to;
