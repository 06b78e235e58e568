/** The two products that the sandbox looks like. */
export const APIS = ['v1', 'v2'] as const;
export type Api = (typeof APIS)[number];

/** What a caller can ask of either; `next` is v1's `trigger_next_event` and v2's `next_workflow`, `search` is v1 only. */
export const OPERATIONS = ['start', 'check', 'cancel', 'next', 'search'] as const;
export type Operation = (typeof OPERATIONS)[number];

export type Channel = 'sms' | 'voice' | 'whatsapp' | 'rcs' | 'email' | 'silent_auth';

/** Phone numbers as Vonage wants them: digits only. Addresses of e-mail stay as they are. */
export function destination(text: string): string {
  return text.includes('@') ? text : text.replace(/\D/g, '');
}
