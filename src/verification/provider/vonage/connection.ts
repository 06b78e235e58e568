/** The account at Vonage, and how it is reached. */
export interface VonageConnection {
  /** Of your account. */
  apiKey: string;
  /** Of your account. */
  apiSecret: string;
  /** v2 is called as this application, with a token signed by its key: only then does Vonage send webhooks. */
  application?: {
    /** The application's id. */
    id: string;
    /** Its private key, as PEM. */
    privateKey: string;
  };
  /**
   * Another base URL: of a proxy or the sandbox.
   * @default Vonage's
   */
  apiHost?: string;
  /** For the whole exchange: connecting, headers and body. */
  timeoutMs: number;
  /** Returns headers for each request, such as `traceparent`. */
  headers?: () => Record<string, string>;
}
