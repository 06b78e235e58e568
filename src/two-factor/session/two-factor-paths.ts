import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { HTTP_OPTIONS, isForm, MountedPaths, originsOf, type ResolvedHttpOptions } from '../../http/index.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';

/** The path of the module's routes, and the name of their landmark. */
export const TWO_FACTOR = 'two-factor';

/** Where the pages of two-factor sign-in are, for links from elsewhere. */
@Injectable()
export class TwoFactorPaths {
  constructor(
    private readonly paths: MountedPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
    @Inject(HTTP_OPTIONS) private readonly http: ResolvedHttpOptions,
  ) {}

  /** Where users continue who wanted no page in particular. */
  get home(): string {
    return this.options.homePath;
  }

  /**
   * The page where a second factor is shown, which then continues to a path.
   * @param again for a user who has shown one in this session and has to show one again; others are led on at once
   */
  challenge(returnTo: string, { again = false } = {}): string {
    return this.at(`?returnTo=${encodeURIComponent(returnTo)}${again ? '&again=yes' : ''}`);
  }

  /** The page that shows what is to be confirmed, which then continues to a path. */
  stepUp(grant: string, returnTo: string): string {
    return this.at(`/step-up/${grant}?returnTo=${encodeURIComponent(returnTo)}`);
  }

  /** The page of a form that waits for a factor. */
  keptPost(id: string): string {
    return this.at(`/kept/${id}`);
  }

  /** The id of the form whose page a path is; null for other paths. */
  keptPostIn(path: string): string | null {
    const start = this.keptPost('');
    return path.startsWith(start) ? path.slice(start.length) : null;
  }

  /** The page where a user manages factors. */
  get settings(): string {
    return this.at('/settings');
  }

  /** Ends the session. */
  get signOut(): string {
    return this.at('/sign-out');
  }

  /**
   * The host's sign-in page, which then continues to a path.
   * @param again for a user who is signed in and has to type the password again: the page must not lead on at once
   */
  signIn(returnTo: string, { again = false } = {}): string {
    const { signInPath } = this.options;
    const next = signInPath.includes('?') ? '&' : '?';
    return `${signInPath}${next}returnTo=${encodeURIComponent(returnTo)}${again ? '&again=yes' : ''}`;
  }

  /**
   * The page to come back to: the one that a request is for, or to which a form continues, or from which it was posted.
   * Null for a post that says neither; it cannot be repeated by going there.
   */
  here(request: Request): string | null {
    if (['GET', 'HEAD'].includes(request.method)) return this.paths.outside(request.originalUrl);
    if (!isForm(request)) return null;
    const { returnTo } = (request.body ?? {}) as { returnTo?: unknown };
    if (typeof returnTo === 'string' && returnTo !== '') return returnTo;
    const referer = request.get('referer') ?? '';
    if (!URL.canParse(referer)) return null;
    const { origin, pathname, search } = new URL(referer);
    return originsOf(request, this.http.https).includes(origin) ? pathname + search : null;
  }

  private at(rest: string): string {
    return this.paths.of(TWO_FACTOR) + rest;
  }
}
