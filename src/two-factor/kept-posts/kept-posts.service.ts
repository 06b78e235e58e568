import { Injectable } from '@nestjs/common';
import { isUUID } from 'class-validator';
import type { Request } from 'express';
import { Raw, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PersonalDataCipher } from '../../crypto/index.js';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { statement, StatementRunner } from '../../database/statement.js';
import {
  contextOf,
  isAnsweredByPage,
  isForm,
  type MessageParameters,
  MountedPaths,
  type Problem,
  ViewRenderer,
} from '../../http/index.js';
import { factorRequired } from '../guard/refusals.js';
import type { MissingFactor, SignedInAssurance } from '../session/assurance.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { type AboutPost, KeptPost } from './kept-post.entity.js';

const LIFETIME_MINUTES = 10;
/** In the address to which a kept post is sent on. */
const KEPT = 'kept';

/** What a form that is kept is about. */
interface AboutForm {
  /** The message that says what is confirmed: "Confirm it’s you to …". Without one, nothing is said. */
  question?: { key: string; parameters?: MessageParameters };
  /** The page of the form. */
  page: string;
}

/** Where a kept post is sent on to, and what its sender is told. */
export type FoundPost = AboutPost & { address: string };

/**
 * Keeps a form that was posted with a factor that is too old, and sends it on when a newer one was shown: by a redirect
 * that posts again (307). It then passes every check of its route as a new post does. Each is sent on once, and only by
 * the sign-in that posted it.
 */
@Injectable()
export class KeptPosts {
  constructor(
    @InjectLibraryRepository(KeptPost) private readonly posts: Repository<KeptPost>,
    private readonly statements: StatementRunner,
    private readonly cipher: PersonalDataCipher,
    private readonly paths: TwoFactorPaths,
    private readonly mounted: MountedPaths,
    private readonly renderer: ViewRenderer,
  ) {}

  /** Asks for the factor that a request lacks. A form is kept, unless it was kept before. */
  async confirmationOf(
    request: Request,
    { userId, sid }: SignedInAssurance,
    missing: MissingFactor,
    { question, page }: AboutForm,
  ): Promise<Problem> {
    if (!isForm(request)) return factorRequired(this.paths, missing, this.paths.here(request) ?? page);
    const again = idIn(request);
    if (again) return factorRequired(this.paths, missing, this.paths.keptPost(again));
    const id = uuidv7();
    const { text } = contextOf(request, this.renderer, this.mounted);
    const about: AboutPost = {
      summary: question ? text(question.key, question.parameters) : '',
      page,
      isPage: isAnsweredByPage(request),
    };
    await this.posts.delete({ userId, expiresAt: Raw((column) => `${column} <= now()`) });
    await this.posts.insert({
      id,
      userId,
      sid,
      path: this.pathOf(request),
      about: this.cipher.seal(JSON.stringify(about), 'kept_posts.about', id),
      body: this.cipher.seal(JSON.stringify(request.body ?? {}), 'kept_posts.body', id),
      expiresAt: () => `now() + interval '${LIFETIME_MINUTES} minutes'`,
    });
    return factorRequired(this.paths, missing, this.paths.keptPost(id));
  }

  /** The post that a page continues to, if it is one of this sign-in that waits. @param returnTo the path to continue to */
  async waitingAt(session: SignedInAssurance, returnTo: unknown): Promise<FoundPost | null> {
    const id = typeof returnTo === 'string' && this.paths.keptPostIn(returnTo);
    const found = id ? await this.find(session, id) : null;
    return found?.isWaiting ? found.post : null;
  }

  /** @throws Problem `form-used` when it was sent on before or has waited too long, with its page for the view */
  async waiting(session: SignedInAssurance, id: string): Promise<FoundPost> {
    const found = await this.find(session, id);
    if (!found?.isWaiting) throw twoFactorProblem('form-used', { forView: { page: found?.post.page } });
    return found.post;
  }

  /**
   * Gives a request the form that was kept for it, if its address names one.
   * @throws Problem `form-used` when it was sent on before, has waited too long, or belongs to another sign-in or address
   */
  async restore(request: Request, { userId, sid }: SignedInAssurance): Promise<void> {
    const id = idIn(request);
    if (id === null) return;
    const path = this.pathOf(request);
    const used = isUUID(id) && (await this.statements.one(USE_KEPT_POST, { id, userId, sid, path }));
    if (!used) throw twoFactorProblem('form-used');
    request.body = JSON.parse(this.cipher.open(used.body, 'kept_posts.body', id));
  }

  private async find(
    { userId, sid }: SignedInAssurance,
    id: string,
  ): Promise<{ post: FoundPost; isWaiting: boolean } | null> {
    const row = isUUID(id) && (await this.statements.one(FIND_KEPT_POST, { id, userId, sid }));
    if (!row) return null;
    const about = JSON.parse(this.cipher.open(row.about, 'kept_posts.about', id)) as AboutPost;
    return { post: { ...about, address: `${row.path}?${KEPT}=${id}` }, isWaiting: row.isWaiting };
  }

  private pathOf(request: Request): string {
    return this.mounted.outside(request.baseUrl + request.path);
  }
}

/** The kept post that the address of a form's post names. */
function idIn(request: Request): string | null {
  const id = request.query[KEPT];
  return typeof id === 'string' && isForm(request) ? id : null;
}

export const FIND_KEPT_POST = statement<
  { id: string; userId: string; sid: string },
  { path: string; about: string; isWaiting: boolean }
>(
  'find-kept-post',
  `
  SELECT path, about, body IS NOT NULL AND expires_at > now() AS is_waiting
    FROM otp_kept_posts WHERE id = :id AND user_id = :userId AND sid = :sid`,
);

/** One statement finds the post and uses it up, so that of two at once only one gets it. */
export const USE_KEPT_POST = statement<
  { id: string; userId: string; sid: string; path: string },
  { body: string }
>(
  'use-kept-post',
  `
  WITH kept AS (
    SELECT id, body FROM otp_kept_posts
     WHERE id = :id AND user_id = :userId AND sid = :sid AND path = :path
       AND body IS NOT NULL AND expires_at > now() FOR UPDATE)
  UPDATE otp_kept_posts p SET body = NULL FROM kept WHERE p.id = kept.id
  RETURNING kept.body`,
);
