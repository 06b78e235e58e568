import { Inject, Injectable } from '@nestjs/common';
import type {
  AuthenticationResponseJSON,
  RegistrationResponseJSON,
  WebAuthnCredential,
} from '@simplewebauthn/server';
import type { Request } from 'express';
import type { Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { describeBrowser, HTTP_OPTIONS, originsOf, type ResolvedHttpOptions } from '../../http/index.js';
import { FactorChanges } from '../enrolment/factor-changes.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { Passkey } from './passkey.entity.js';
import type { PasskeyOptionsResource } from './passkeys.dto.js';
import { CHALLENGE_SECONDS, PasskeyChallenges } from './passkey-challenges.js';

const REGISTRATION = 'passkey-registration';
const MOST_PER_USER = 10;

/** Loaded when it is needed: hosts without passkeys need not install it. */
const webauthn = () => import('@simplewebauthn/server');

/**
 * The passkeys of users (WebAuthn). A passkey signs for our origin only, so a page that imitates ours gets nothing that it
 * could use.
 */
@Injectable()
export class Passkeys {
  constructor(
    @InjectLibraryRepository(Passkey) private readonly passkeys: Repository<Passkey>,
    private readonly challenges: PasskeyChallenges,
    private readonly changes: FactorChanges,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
    @Inject(HTTP_OPTIONS) private readonly http: ResolvedHttpOptions,
  ) {}

  /** Whether browsers can be asked for passkeys. Those that users have stay factors when it is turned off. */
  get isOn(): boolean {
    return this.options.passkeys !== null;
  }

  /** The user's passkeys, the oldest first. */
  ofUser(userId: string): Promise<Passkey[]> {
    return this.passkeys.find({ where: { userId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** What a browser needs to make a passkey. */
  async registrationOptions(
    request: Request,
    session: SignedInAssurance,
  ): Promise<PasskeyOptionsResource> {
    const site = this.siteOf(request);
    const name = await this.options.accountName(session.userId);
    const { generateRegistrationOptions } = await webauthn();
    const options = await generateRegistrationOptions({
      rpID: site.rpId,
      rpName: this.options.issuer,
      userName: name,
      userDisplayName: name,
      timeout: CHALLENGE_SECONDS * 1000,
      // Which make it is does not matter to us, and asking would show the user a warning.
      attestationType: 'none',
      excludeCredentials: (await this.ofUser(session.userId)).map(descriptorOf),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    });
    await this.challenges.remember(options.challenge, session, REGISTRATION);
    return options;
  }

  /**
   * Makes a new passkey a factor.
   * @returns the user's epoch after it, and the passkey's name
   * @throws Problem `passkey-rejected`, `too-many-factors`
   */
  async register(
    request: Request,
    session: SignedInAssurance,
    response: object,
    label = '',
  ): Promise<{ epoch: number; label: string }> {
    const site = this.siteOf(request);
    const { verifyRegistrationResponse } = await webauthn();
    let challenge = '';
    const result = await orNull(
      verifyRegistrationResponse({
        response: response as RegistrationResponseJSON,
        expectedChallenge: (signed) => Boolean((challenge = signed)),
        expectedOrigin: site.origins,
        expectedRPID: site.rpId,
        requireUserVerification: false,
      }),
    );
    const isOpen = result?.verified && (await this.challenges.use(challenge, session, REGISTRATION));
    if (!isOpen || !result.registrationInfo) throw twoFactorProblem('passkey-rejected');
    const { id: credentialId, publicKey, counter, transports = [] } = result.registrationInfo.credential;
    const { userId } = session;
    const named = label || describeBrowser(request.get('user-agent'));
    const made = await this.changes.makeIn(session, async (manager) => {
      if ((await manager.countBy(Passkey, { userId })) >= MOST_PER_USER)
        throw twoFactorProblem('too-many-factors');
      if (await manager.existsBy(Passkey, { credentialId })) return null;
      const passkey = { id: uuidv7(), userId, credentialId, transports, label: named };
      return manager.insert(Passkey, {
        ...passkey,
        publicKey: Buffer.from(publicKey),
        counter: String(counter),
      });
    });
    if (!made) throw twoFactorProblem('passkey-rejected');
    return { epoch: made.epoch, label: named };
  }

  /**
   * What a browser needs to use one of the user's passkeys.
   * @throws Problem `unknown-factor` for a user without any
   */
  async requestOptions(
    request: Request,
    session: SignedInAssurance,
    purpose: string,
  ): Promise<PasskeyOptionsResource> {
    const site = this.siteOf(request);
    const passkeys = await this.ofUser(session.userId);
    if (passkeys.length === 0) throw twoFactorProblem('unknown-factor');
    const { generateAuthenticationOptions } = await webauthn();
    const options = await generateAuthenticationOptions({
      rpID: site.rpId,
      timeout: CHALLENGE_SECONDS * 1000,
      allowCredentials: passkeys.map(descriptorOf),
      userVerification: 'preferred',
    });
    await this.challenges.remember(options.challenge, session, purpose);
    return options;
  }

  /** Whether the signature is of one of the user's passkeys, and of a challenge that was open for this purpose. */
  async verify(
    request: Request,
    session: SignedInAssurance,
    response: object,
    purpose: string,
  ): Promise<boolean> {
    const site = this.siteOf(request);
    const { id: credentialId } = response as Partial<AuthenticationResponseJSON>;
    if (typeof credentialId !== 'string') return false;
    const passkey = await this.passkeys.findOneBy({ credentialId, userId: session.userId });
    if (!passkey) return false;
    const { verifyAuthenticationResponse } = await webauthn();
    let challenge = '';
    const result = await orNull(
      verifyAuthenticationResponse({
        response: response as AuthenticationResponseJSON,
        expectedChallenge: (signed) => Boolean((challenge = signed)),
        expectedOrigin: site.origins,
        expectedRPID: site.rpId,
        credential: credentialOf(passkey),
        requireUserVerification: false,
      }),
    );
    if (!result?.verified || !(await this.challenges.use(challenge, session, purpose))) return false;
    const counter = String(result.authenticationInfo.newCounter);
    await this.passkeys.update({ id: passkey.id }, { counter, lastUsedAt: () => 'now()' });
    return true;
  }

  /** Removes a passkey. @returns the user's epoch after it, and its name @throws Problem `last-factor`, `unknown-factor` */
  async remove(session: SignedInAssurance, id: string): Promise<{ epoch: number; label: string }> {
    const { epoch, changed } = await this.changes.removeFactor(session, async (manager) => {
      const passkey = await manager.findOneBy(Passkey, { id, userId: session.userId });
      return passkey && manager.remove(passkey);
    });
    return { epoch, label: changed.label };
  }

  /** Our site, as authenticators know it: by the origins of our pages. */
  private siteOf(request: Request): { origins: string[]; rpId: string } {
    if (this.options.passkeys === null) throw twoFactorProblem('unknown-factor');
    const origins = originsOf(request, this.http.https);
    const rpId = this.options.passkeys.rpId ?? (origins[0] && new URL(origins[0]).hostname);
    if (!rpId) throw twoFactorProblem('passkey-rejected');
    return { origins, rpId };
  }
}

const descriptorOf = ({ credentialId, transports }: Passkey) => ({
  id: credentialId,
  transports,
});

const credentialOf = (passkey: Passkey): WebAuthnCredential => ({
  ...descriptorOf(passkey),
  publicKey: new Uint8Array(passkey.publicKey),
  counter: Number(passkey.counter),
});

/** The library throws for whatever is wrong with a response, which anybody may have written. */
async function orNull<T>(verification: Promise<T>): Promise<T | null> {
  try {
    return await verification;
  } catch {
    return null;
  }
}
