import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import * as jwt from 'jsonwebtoken';
import { AuthenticationSessions, type AuthenticationState } from 'nest-sms-otp/two-factor';

const LIFETIME_SECONDS = 12 * 60 * 60;
const ISSUER = 'commonjs-jwt';

type Claims = Omit<AuthenticationState, 'userId'> & {
  iss: string;
  sub: string;
  jti: string;
  exp: number;
};

/**
 * Sessions that are bearer tokens (JWT, HS256). A token says what was shown when it was issued, so every change issues
 * another one, in `X-Access-Token`; the client uses that from then on.
 */
export class JwtSessions extends AuthenticationSessions {
  /**
   * Tokens that were replaced or signed out, until they expire by themselves (seconds since the epoch). In memory, to be
   * short: more than one instance, or one that restarts, needs a table or Redis in its place. Nothing less will do: the
   * token of the first factor must be worth nothing once the second one was shown.
   */
  private readonly revoked = new Map<string, number>();
  /** What a request has been given in place of the token that it came with; null when it was signed out. */
  private readonly replaced = new WeakMap<Request, Claims | null>();

  /** @param secret at least 32 random bytes */
  constructor(private readonly secret: string) {
    super();
  }

  read(request: Request): AuthenticationState | null {
    const claims = this.claimsOf(request);
    if (!claims) return null;
    const { sub, jti: _jti, exp: _exp, iss: _iss, ...state } = claims;
    return { userId: sub, ...state };
  }

  async replace(request: Request, response: Response, state: AuthenticationState): Promise<void> {
    await this.end(request);
    const { userId, ...shown } = state;
    const claims: Claims = {
      iss: ISSUER,
      sub: userId,
      jti: randomUUID(),
      // From sign-in on, as the library counts too: no step makes a session longer.
      exp: Math.floor(Date.parse(state.signedInAt) / 1000) + LIFETIME_SECONDS,
      ...shown,
    };
    this.replaced.set(request, claims);
    response.setHeader('X-Access-Token', jwt.sign(claims, this.secret, { algorithm: 'HS256' }));
    response.setHeader('Cache-Control', 'no-store');
  }

  async end(request: Request): Promise<void> {
    const now = Date.now() / 1000;
    for (const [id, expiresAt] of this.revoked) if (expiresAt < now) this.revoked.delete(id);
    const claims = this.claimsOf(request);
    if (claims) this.revoked.set(claims.jti, claims.exp);
    this.replaced.set(request, null);
  }

  idOf(request: Request): string {
    return this.claimsOf(request)?.jti ?? '';
  }

  private claimsOf(request: Request): Claims | null {
    const replaced = this.replaced.get(request);
    if (replaced !== undefined) return replaced;
    const [, token] = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '') ?? [];
    if (!token) return null;
    try {
      const claims = jwt.verify(token, this.secret, { algorithms: ['HS256'], issuer: ISSUER }) as Claims;
      return this.revoked.has(claims.jti) ? null : claims;
    } catch {
      return null;
    }
  }
}
