import type { Request, Response } from 'express';
import jwt from 'jsonwebtoken';
import { AuthenticationSessions } from './authentication-sessions.js';
import type { AuthenticationState } from './authentication-state.js';

/** Options of {@link JwtSessions}. */
export interface JwtSessionsOptions {
  /** Signs the tokens (HS256): at least 32 random bytes. With several, the first signs, and all are accepted. */
  secret: string | readonly string[];
  /**
   * The `iss` of the tokens. Others are not accepted.
   * @default 'nest-sms-otp'
   */
  issuer?: string;
  /**
   * How long a token can be used after sign-in, in seconds. No step makes a session longer.
   * @default 43200
   */
  lifetimeSeconds?: number;
}

type Claims = Omit<AuthenticationState, 'userId'> & { sub: string; iss: string; exp: number };

const SHORTEST_SECRET = 32;

/**
 * Sessions that are bearer tokens (JWT). A token says what was shown when it was issued, so each step issues another one.
 * It is the `accessToken` of the answer, in its body only, because headers are often logged. The client uses it from
 * then on; the database knows that the one before it is worth nothing.
 */
export class JwtSessions extends AuthenticationSessions {
  override readonly areTokens = true;
  private readonly secrets: readonly string[];
  /** The state after what happened in this request; null when it was signed out. */
  private readonly changed = new WeakMap<Request, AuthenticationState | null>();
  private readonly issued = new WeakMap<Request, string>();

  /** @throws RangeError for a secret that can be guessed */
  constructor(private readonly options: JwtSessionsOptions) {
    super();
    this.secrets = [options.secret].flat();
    if (this.secrets.length === 0 || this.secrets.some((secret) => (secret ?? '').length < SHORTEST_SECRET))
      throw new RangeError(`JwtSessions: secret must have at least ${SHORTEST_SECRET} characters`);
  }

  read(request: Request): AuthenticationState | null {
    const changed = this.changed.get(request);
    if (changed !== undefined) return changed;
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    return token ? this.verify(token) : null;
  }

  replace(request: Request, response: Response, state: AuthenticationState): Promise<void> {
    const { userId, ...shown } = state;
    const { lifetimeSeconds = 43_200 } = this.options;
    const exp = Math.floor(Date.parse(state.signedInAt) / 1000) + lifetimeSeconds;
    const claims: Claims = { iss: this.issuer, sub: userId, exp, ...shown };
    this.changed.set(request, state);
    this.issued.set(request, jwt.sign(claims, this.secrets[0]!, { algorithm: 'HS256', noTimestamp: true }));
    response.setHeader('Cache-Control', 'no-store');
    return Promise.resolve();
  }

  end(request: Request): Promise<void> {
    this.changed.set(request, null);
    this.issued.delete(request);
    return Promise.resolve();
  }

  idOf(request: Request): string {
    const state = this.read(request);
    return state ? `${state.sid}.${state.generation ?? 0}` : '';
  }

  override newTokenOf(request: Request): string | null {
    return this.issued.get(request) ?? null;
  }

  private get issuer(): string {
    return this.options.issuer ?? 'nest-sms-otp';
  }

  private verify(token: string): AuthenticationState | null {
    for (const secret of this.secrets)
      try {
        const claims = jwt.verify(token, secret, { algorithms: ['HS256'], issuer: this.issuer }) as Claims;
        const { sub, iss: _iss, exp: _exp, ...state } = claims;
        // Another use of the same secret may have signed a token of another kind.
        return typeof state.sid === 'string' && Array.isArray(state.authentications)
          ? { userId: sub, ...state }
          : null;
      } catch {
        continue;
      }
    return null;
  }
}
