import { createHash } from 'node:crypto';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { parseCookie } from 'cookie';
import type { NextFunction, Request, Response } from 'express';
import { clientAddress } from './client-address.js';
import { isFormOfBrowser } from './negotiation.js';

/** A repeat comes within a moment: a double click, or an impatient second one. */
const REMEMBERED_MS = 10_000;
/** Further posts are not remembered. Their repeats are handled like any other post. */
const MOST_REMEMBERED = 1000;

/** A redirect, and the cookies that it set. */
interface Answer {
  status: number;
  location: string;
  cookies: string[];
}

interface RememberedPost {
  /** Null for an answer that is no redirect. */
  answer: Promise<Answer | null>;
  /** The browser waits for the answer, or will never see its page. */
  isOpen: boolean;
}

type Cookies = Readonly<Record<string, string | undefined>>;

/**
 * Answers a form that a browser posts a second time before it has seen the answer. Without a script, a double click makes
 * the browser abandon the first post and send another one. The answer is lost then, and with it the session's new id: a
 * code that was right would sign its user out. The repeat gets the first one's answer instead. It must have the same
 * fields, and the cookies of the first post or those that its answer set, and no page may have been opened with them since.
 * Only this instance knows of the first post.
 */
@Injectable()
export class RepeatedPosts implements NestMiddleware {
  /** By sender, then by form. */
  private readonly posts = new Map<string, Map<string, RememberedPost>>();

  async use(request: Request, response: Response, next: NextFunction): Promise<void> {
    if (request.get('sec-fetch-mode') !== 'navigate') return next();
    const cookies = parseCookie(request.headers.cookie ?? '');
    const sender = senderOf(request, cookies);
    if (!isFormOfBrowser(request)) {
      // The second click may also come while the page is on its way, to which the first answer has led.
      response.on('finish', () => !isRedirect(response) && this.posts.delete(sender));
      return next();
    }
    const first = this.posts.get(sender)?.get(formOf(request));
    const wasOpen = first?.isOpen;
    const answer = await first?.answer;
    if (answer && (wasOpen || first?.isOpen || stillHasOldCookie(cookies, answer))) {
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('Set-Cookie', answer.cookies);
      return response.redirect(answer.status, answer.location);
    }
    if (this.posts.size < MOST_REMEMBERED) this.remember(request, response, cookies);
    next();
  }

  private remember(request: Request, response: Response, cookies: Cookies): void {
    let resolve!: (answer: Answer | null) => void;
    const promise = new Promise<Answer | null>((done) => (resolve = done));
    const post: RememberedPost = { answer: promise, isOpen: true };
    this.keep(senderOf(request, cookies), formOf(request), post);
    setTimeout(() => resolve(null), REMEMBERED_MS).unref();
    response.on('close', () => (post.isOpen = !response.writableFinished));
    const end = response.end.bind(response) as (...parts: unknown[]) => Response;
    response.end = (...parts: unknown[]) => {
      // The session adds its cookie when the headers are written, which Node does not do for a browser that has gone.
      if (!response.headersSent) response.writeHead(response.statusCode);
      const answer = answerOf(response);
      resolve(answer);
      // The browser has these cookies, and posts again instead of following.
      if (answer && answer.cookies.length > 0)
        this.keep(senderOf(request, withThose(cookies, answer)), formOf(request), {
          answer: promise,
          isOpen: true,
        });
      return end(...parts);
    };
  }

  private keep(sender: string, form: string, post: RememberedPost): void {
    const forms = this.posts.get(sender) ?? new Map<string, RememberedPost>();
    this.posts.set(sender, forms.set(form, post));
    setTimeout(() => {
      if (forms.get(form) === post) forms.delete(form);
      if (forms.size === 0 && this.posts.get(sender) === forms) this.posts.delete(sender);
    }, REMEMBERED_MS).unref();
  }
}

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64');

/** Cookies and fields are secret, so only hashes are kept. */
const senderOf = (request: Request, cookies: Cookies) =>
  hashOf([clientAddress(request), request.get('user-agent'), Object.entries(cookies).sort()]);
const formOf = ({ originalUrl, body }: Request) => hashOf([originalUrl, body]);

const isRedirect = ({ statusCode }: Response) => statusCode >= 300 && statusCode < 400;

function answerOf(response: Response): Answer | null {
  const { statusCode: status } = response;
  const location = response.getHeader('location');
  if (!isRedirect(response) || typeof location !== 'string') return null;
  return { status, location, cookies: [response.getHeader('set-cookie') ?? []].flat().map(String) };
}

/** What a browser keeps that gets an answer. */
function withThose(cookies: Cookies, { cookies: set }: Answer): Cookies {
  const kept = { ...cookies };
  for (const cookie of set) {
    const [pair = '', ...attributes] = cookie.split('; ');
    const [[name, value] = []] = Object.entries(parseCookie(pair));
    if (name === undefined) continue;
    if (attributes.some((each) => /^(max-age=0|expires=thu, 01 jan 1970)/i.test(each))) delete kept[name];
    else kept[name] = value;
  }
  return kept;
}

/** The answer replaced a cookie that the browser still sends with its old value, so the answer did not arrive. */
function stillHasOldCookie(cookies: Cookies, answer: Answer): boolean {
  const now = withThose(cookies, answer);
  return Object.keys(cookies).some((name) => now[name] !== cookies[name]);
}
