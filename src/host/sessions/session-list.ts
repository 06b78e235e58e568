import { Injectable } from '@nestjs/common';
import { TwoFactorService } from '../../two-factor/index.js';
import { type SessionRecord, SessionRepository } from './session.repository.js';
import type { SessionResource } from './sessions.dto.js';

/** Where users are signed in. */
@Injectable()
export class SessionList {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly twoFactor: TwoFactorService,
  ) {}

  /** @param currentSid the secret of the session that asks */
  async ofUser(userId: string, currentSid: string): Promise<SessionResource[]> {
    const resources: SessionResource[] = [];
    for (const record of await this.sessions.ofUser(userId)) {
      const resource = await this.resourceOf(record, currentSid);
      if (resource) resources.push(resource);
    }
    return resources;
  }

  /** @returns null for a session that is no longer valid, for example because the factors have changed */
  private async resourceOf(record: SessionRecord, currentSid: string): Promise<SessionResource | null> {
    const { twoFactor: state } = record.data;
    const assurance = state && (await this.twoFactor.assuranceOfState(state));
    if (!assurance?.userId) return null;
    const { id, browser, address, signedInAt, lastUsedAt, sid } = record;
    return {
      id,
      browser,
      address,
      signedInAt: signedInAt.toISOString(),
      lastUsedAt: lastUsedAt.toISOString(),
      pending: assurance.pending,
      current: sid === currentSid,
    };
  }
}
