import assert from 'node:assert/strict';
import type { FakeVerificationProvider } from './fake-verification-provider.js';

/** What a call of a {@link TestAgent} answers. */
export interface TestAnswer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- as supertest has it
  body: any;
}

/** A client that keeps its session: `supertest.agent(app.getHttpServer())`, or one of your own with this method. */
export interface TestAgent {
  /** Begins a POST; a supertest agent fits. */
  post(path: string): {
    set(headers: Record<string, string>): { send(body: object): PromiseLike<TestAnswer> };
  };
}

/** The user of {@link signInWithSms}. */
export interface TestUser {
  /** E.164 with `+`. Enrolled as the user's phone if the user has no second factor. */
  phoneNumber: string;
  /** The `provider` of `VerificationModule`, which knows the code. */
  provider: FakeVerificationProvider;
  /**
   * Where the routes of `TwoFactorModule` are, with a global prefix and a version.
   * @default '/two-factor'
   */
  path?: string;
}

/**
 * Shows the second factor of a user, over HTTP. A user without one gets the phone as a factor, which signs in as well. Sign
 * the agent in with the password first.
 *
 * ```ts
 * const agent = supertest.agent(app.getHttpServer());
 * await agent.post('/login').send({ email, password });
 * await signInWithSms(agent, { phoneNumber: '+14155552671', provider });
 * await agent.get('/account').expect(200);
 * ```
 *
 * @returns the answer of the last route; with `JwtSessions` its `accessToken` is the one to send from now on
 */
export async function signInWithSms(
  agent: TestAgent,
  { phoneNumber, provider, path = '/two-factor' }: TestUser,
): Promise<TestAnswer['body']> {
  const post = async (route: string, body: object) =>
    agent
      .post(path + route)
      // What a browser sends: without it, a post with a session could come from another site.
      .set({ Accept: 'application/json', 'Sec-Fetch-Site': 'same-origin' })
      .send(body);
  const sent = await post('/challenge', {});
  const isEnrolled = sent.body.code !== 'unknown-factor';
  const { requestId } = isEnrolled ? worked(sent) : worked(await post('/phones', { phoneNumber }));
  const proof = { requestId, otpCode: provider.lastCode(phoneNumber) };
  return worked(await post(isEnrolled ? '/verify' : '/phones/verify', proof));
}

function worked({ status, body }: TestAnswer): TestAnswer['body'] {
  assert.ok(status < 300, `the second factor was refused: ${status} ${JSON.stringify(body)}`);
  return body;
}
