import type { Request, Response } from 'express';
import { describeBrowser, maskedAddress, Problem } from '../../http/index.js';
import { type AuthenticationState, ExpressSessions, TWO_FACTOR_ERRORS } from '../../two-factor/index.js';
import type { SessionRepository } from './session.repository.js';

const SIGN_IN = '/sign-in';

/** Stores the state of two-factor sign-in in sessions that their user can list and end. */
export class HostSessions extends ExpressSessions {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly lifetimeSeconds: number,
  ) {
    super();
  }

  /** @throws Problem `sign-in-required` if the session was ended during this request */
  override async replace(request: Request, _response: Response, state: AuthenticationState): Promise<void> {
    const before = this.read(request);
    const oldSid = this.idOf(request);
    const endsAt = new Date(Date.parse(state.signedInAt) + this.lifetimeSeconds * 1000);
    request.sessionStore.generate(request);
    const { session, sessionID: sid } = request;
    session.twoFactor = state;
    session.cookie.expires = endsAt;

    if (before?.userId === state.userId && before.signedInAt === state.signedInAt) {
      // One statement, so that ending the session at the same time either comes first or ends the new secret too.
      if (await this.sessions.replace(oldSid, { sid, data: session })) return;
      await this.end(request);
      throw signInRequired();
    }
    if (before) await this.sessions.remove(oldSid);
    await this.sessions.create({
      sid,
      data: session,
      state,
      endsAt,
      browser: describeBrowser(request.get('user-agent')),
      address: maskedAddress(request),
    });
  }
}

const signInRequired = () =>
  new Problem('sign-in-required', TWO_FACTOR_ERRORS['sign-in-required'], {
    members: { next: SIGN_IN },
    headers: { 'WWW-Authenticate': 'Bearer' },
    redirectTo: SIGN_IN,
  });
