/** The account at Vonage, and how it is reached. */
export interface VonageConnection {
  apiKey: string;
  apiSecret: string;
  /** v2 is called as this application, with a token signed by its key: only then does Vonage send webhooks. */
  application?: { id: string; /** PEM. */ privateKey: string };
  /** Another base URL than Vonage's: a proxy, the sandbox. */
  apiHost?: string;
  /** For the whole exchange: connecting, headers and body. */
  timeoutMs: number;
}
