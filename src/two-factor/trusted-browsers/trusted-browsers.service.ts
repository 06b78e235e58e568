import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Repository } from 'typeorm';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { statement, StatementRunner } from '../../database/statement.js';
import { appendCookie, describeBrowser, keepsSecureCookies, readCookie } from '../../http/index.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { TrustedBrowser } from './trusted-browser.entity.js';

/** `__Host-` ties the cookie to this host and to HTTPS. Browsers treat localhost as HTTPS. */
const COOKIE = '__Host-trusted-browser';
/** The row's id and the secret. */
const COOKIE_VALUE = /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.([\w-]{43})$/;
/** Browsers keep no cookie for longer. */
const LONGEST_COOKIE_DAYS = 400;
const DAY_SECONDS = 86_400;

/** What a browser's cookie was worth at a sign-in. */
export interface Recognition {
  /** The browser, if it is trusted. */
  trusted: { id: string } | null;
  /** The browser whose trust has just ended, because its secret was used a second time. */
  copied: { description: string } | null;
}

/** A browser as its user sees it. */
export type ListedBrowser = Pick<
  TrustedBrowser,
  'id' | 'description' | 'createdAt' | 'lastUsedAt' | 'expiresAt'
>;

/** A user, and the epoch that the trust belongs to. */
interface UserInEpoch {
  userId: string;
  epoch: number;
}

/** Browsers that are not asked for the second factor at sign-in. They never replace it where a recent one is demanded. */
@Injectable()
export class TrustedBrowsers {
  constructor(
    @InjectLibraryRepository(TrustedBrowser) private readonly browsers: Repository<TrustedBrowser>,
    private readonly statements: StatementRunner,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /** For how many days trust counts that was given before. */
  private get days(): number {
    return this.options.trustBrowserDays ?? 0;
  }

  /** For how many days this browser can be trusted. Null if not at all: over plain HTTP it drops the cookie. */
  daysFor(request: Request): number | null {
    return keepsSecureCookies(request) ? this.options.trustBrowserDays : null;
  }

  /**
   * Trusts the browser that sent this request.
   * @param user whose session has the epoch: if the factors have changed since, the browser is not trusted
   * @returns null where trusting is turned off, and where the browser would not keep the cookie
   */
  async trust(
    request: Request,
    response: Response,
    { userId, epoch }: UserInEpoch,
  ): Promise<{ description: string } | null> {
    const days = this.daysFor(request);
    if (days === null) return null;
    const id = randomUUID();
    const secret = newSecret();
    const description = describeBrowser(request.get('user-agent'));
    await this.browsers.insert({
      id,
      userId,
      epoch,
      secretHash: hashOf(secret),
      description,
      expiresAt: () => `now() + interval '${days} days'`,
    });
    sendCookie(response, `${id}.${secret}`, days * DAY_SECONDS);
    return { description };
  }

  /**
   * Finds out whether this browser is trusted for this user. Each use replaces the secret, so a copied cookie works at
   * most once. Using a secret that was replaced ends the trust, and the sessions that came in through it.
   */
  async recognise(
    request: Request,
    response: Response,
    { userId, epoch }: UserInEpoch,
  ): Promise<Recognition> {
    const cookie = readCookie(request, COOKIE) ?? '';
    const [, id, shown] = COOKIE_VALUE.exec(cookie) ?? [];
    if (!id || !shown || this.options.trustBrowserDays === null) return { trusted: null, copied: null };
    const secret = newSecret();
    const used = await this.statements.one(REPLACE_SECRET, {
      id,
      userId,
      epoch,
      days: this.days,
      shownHash: hashOf(shown),
      secretHash: hashOf(secret),
    });
    if (used) {
      const secondsLeft = Math.floor((used.expiresAt.getTime() - Date.now()) / 1000);
      sendCookie(response, `${id}.${secret}`, secondsLeft);
      return { trusted: { id }, copied: null };
    }
    const ended = await this.statements.one(END_TRUST, { id, userId, epoch, days: this.days });
    return { trusted: null, copied: ended?.wasTrusted ? { description: ended.description } : null };
  }

  /** The browsers that the user trusts now, the most recently used first. */
  list(userId: string): Promise<ListedBrowser[]> {
    return this.statements.all(LIST_TRUSTED, { userId, days: this.days });
  }

  /**
   * Ends the trust in one browser, or in all of them, and the sessions that came in through them.
   * @returns how many there were
   */
  async revoke(userId: string, id?: string): Promise<number> {
    const { affected } = await this.browsers.delete(id === undefined ? { userId } : { userId, id });
    return affected ?? 0;
  }
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest();
const newSecret = () => randomBytes(32).toString('base64url');

function sendCookie(response: Response, value: string, seconds: number): void {
  const maxAge = Math.max(0, Math.min(LONGEST_COOKIE_DAYS * DAY_SECONDS, seconds));
  appendCookie(response, COOKIE, value, maxAge);
}

/** Trust lasts as long as was promised, or shorter where `trustBrowserDays` was lowered since. 0 ends all of it. */
const EXPIRES_AT = `least(expires_at, created_at + :days::float8 * interval '1 day')`;
export const IS_IN_TIME = `${EXPIRES_AT} > clock_timestamp()`;

export const REPLACE_SECRET = statement<
  UserInEpoch & { days: number; id: string; shownHash: Buffer; secretHash: Buffer },
  { expiresAt: Date }
>(
  'replace-browser-secret',
  `
  UPDATE otp_trusted_browsers SET secret_hash = :secretHash, last_used_at = now()
   WHERE id = :id AND user_id = :userId AND secret_hash = :shownHash AND epoch = :epoch AND ${IS_IN_TIME}
  RETURNING ${EXPIRES_AT} AS expires_at`,
);

export const END_TRUST = statement<
  UserInEpoch & { id: string; days: number },
  { description: string; wasTrusted: boolean }
>(
  'end-browser-trust',
  `
  DELETE FROM otp_trusted_browsers WHERE id = :id AND user_id = :userId
  RETURNING description, (epoch = :epoch AND ${IS_IN_TIME}) AS was_trusted`,
);

export const LIST_TRUSTED = statement<{ userId: string; days: number }, ListedBrowser>(
  'list-trusted-browsers',
  `
  SELECT id, description, created_at, last_used_at, ${EXPIRES_AT} AS expires_at
    FROM otp_trusted_browsers
   WHERE user_id = :userId AND ${IS_IN_TIME}
     AND epoch = coalesce((SELECT epoch FROM otp_factor_epochs WHERE user_id = :userId), 0)
   ORDER BY last_used_at DESC`,
);
