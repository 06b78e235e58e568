import {
  checkOptions,
  LIST,
  type OptionKind,
  FLAG,
  OBJECT,
  POSITIVE,
  TEXT,
  WEB_URL,
} from '../../options/check-options.js';
import { withDefaults } from '../../options/with-defaults.js';
import { isPrivateLiteral } from './public-addresses.js';
import { isWebhookSecret } from '../../crypto/webhook-signature.js';

/** A webhook that gets every event of the journal, signed as https://www.standardwebhooks.com describes. */
export interface EventWebhookOptions {
  /** Where events are posted to. */
  url: string;
  /** What they are signed with: `whsec_` and 24 to 64 bytes in base64, newest first. Two while a secret is replaced. */
  secrets: readonly string[];
  /**
   * Lets the URL lead to an address that is not on the internet, such as `10.0.0.5` or `localhost`.
   * @default false
   */
  allowPrivateAddresses?: boolean;
  /**
   * Limit of one try in milliseconds.
   * @default 10000
   */
  timeoutMs?: number;
  /**
   * The waits between tries, in seconds. After the last one an event becomes a dead letter.
   * @default 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h
   */
  retrySeconds?: readonly number[];
}

/** Where every event of the journal goes besides subscribers in this process. */
export interface EventDeliveryOptions {
  /**
   * A webhook.
   * @default none
   */
  webhook?: EventWebhookOptions;
  /**
   * A file that gets a line of JSON for each event, and with `AdminModule` for each act of an administrator, such as for a
   * SIEM; `-` is the standard output.
   * @default none
   */
  file?: string;
}

/** The defaults of {@link EventWebhookOptions}. */
export const WEBHOOK_DEFAULTS = {
  allowPrivateAddresses: false,
  timeoutMs: 10_000,
  retrySeconds: [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as readonly number[],
};

/** A webhook with every default filled in. */
export type ResolvedWebhookOptions = Required<EventWebhookOptions>;

/** Options with every default filled in. */
export interface ResolvedEventDelivery {
  webhook: ResolvedWebhookOptions | null;
  file: string | null;
}

const SECRETS: OptionKind = {
  is: (value) => Array.isArray(value) && value.length > 0 && value.every(isWebhookSecret),
  words: 'a list of secrets: "whsec_" and 24 to 64 bytes in base64',
};
const WAITS: OptionKind = {
  is: (value) => LIST.is(value) && (value as unknown[]).every(POSITIVE.is),
  words: 'a list of seconds, each above 0',
};

/**
 * Fills in the defaults.
 * @throws TypeError that names the option, and what it should be
 */
export function resolveEventDelivery(given: EventDeliveryOptions | undefined): ResolvedEventDelivery {
  const name = 'VerificationModule: events';
  checkOptions(name, given, { webhook: OBJECT, file: TEXT });
  const { webhook, file = null } = given ?? {};
  if (!webhook) return { webhook: null, file };
  checkOptions(
    `${name}.webhook`,
    webhook,
    { url: WEB_URL, secrets: SECRETS, allowPrivateAddresses: FLAG, timeoutMs: POSITIVE, retrySeconds: WAITS },
    ['url', 'secrets'],
  );
  const resolved = withDefaults(webhook, WEBHOOK_DEFAULTS) as ResolvedWebhookOptions;
  const { protocol, hostname } = new URL(webhook.url);
  if (!resolved.allowPrivateAddresses && isPrivateLiteral(hostname))
    throw new TypeError(
      `${name}.webhook.url leads to a private address, which allowPrivateAddresses (WEBHOOKS_PRIVATE_ADDRESSES=allow) would permit`,
    );
  if (!resolved.allowPrivateAddresses && protocol !== 'https:')
    throw new TypeError(`${name}.webhook.url must begin with https://, unless allowPrivateAddresses is true`);
  return { webhook: resolved, file };
}
