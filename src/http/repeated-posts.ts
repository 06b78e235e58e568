import { createHash } from 'node:crypto';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { parseCookie } from 'cookie';
import type { NextFunction, Request, Response } from 'express';
import { clientAddress } from './client-address.js';
import { cookieNames } from './cookies.js';
import { FORM_COOKIES } from './flash.js';
import { isFormOfBrowser } from './negotiation.js';

/** A repeat comes within a moment: a double click, or an impatient second one. */
const REMEMBERED_MS = 10_000;
/** The second click of a double click may come when the next page was sent, and before the browser shows it. */
const UNTIL_SHOWN_MS = 1000;
/** Further posts are not remembered. Their repeats are handled like any other post. */
const MOST_REMEMBERED = 1000;

/** A redirect, and the cookies that it set. */
interface Answer {
  status: number;
  location: string;
  cookies: string[];
}

/** Null unless the answer is a redirect. */
type RememberedPost = Promise<Answer | null>;

type Cookies = Readonly<Record<string, string | undefined>>;

/**
 * Answers a form that a browser posts a second time before it shows the answer. Without a script, a double click makes the
 * browser abandon the first post and send another one. The answer is lost then, and with it the session's new id: a
 * code that was right would sign its user out. The repeat gets the first one's answer instead. It must have the same
 * fields, and the cookies of the first post or those that its answer set, and no page may have been shown with them since.
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
      response.on('finish', () => !isRedirect(response) && this.forgetAfter(UNTIL_SHOWN_MS, sender));
      return next();
    }
    const answer = await this.posts.get(sender)?.get(formOf(request));
    if (answer) {
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('Set-Cookie', answer.cookies);
      return response.redirect(answer.status, answer.location);
    }
    if (this.posts.size < MOST_REMEMBERED) this.remember(request, response, cookies);
    next();
  }

  private remember(request: Request, response: Response, cookies: Cookies): void {
    let resolve!: (answer: Answer | null) => void;
    const post = new Promise<Answer | null>((done) => (resolve = done));
    this.keep(senderOf(request, cookies), formOf(request), post);
    setTimeout(() => resolve(null), REMEMBERED_MS).unref();
    const end = response.end.bind(response) as (...parts: unknown[]) => Response;
    response.end = (...parts: unknown[]) => {
      // The session adds its cookie when the headers are written, which Node does not do for a browser that has gone.
      if (!response.headersSent) response.writeHead(response.statusCode);
      const answer = answerOf(response);
      resolve(answer);
      // The browser may have these cookies, and post again instead of following.
      if (answer) this.keep(senderOf(request, withThose(cookies, answer)), formOf(request), post);
      return end(...parts);
    };
  }

  private keep(sender: string, form: string, post: RememberedPost): void {
    const forms = this.posts.get(sender) ?? new Map<string, RememberedPost>();
    this.posts.set(sender, forms.set(form, post));
    this.forgetAfter(REMEMBERED_MS, sender, form);
  }

  /** Forgets what is remembered now of a sender: one form, or all. */
  private forgetAfter(delayMs: number, sender: string, only?: string): void {
    const forms = this.posts.get(sender);
    const forgotten = [...(forms ?? [])].filter(([form]) => only === undefined || form === only);
    if (!forms || forgotten.length === 0) return;
    setTimeout(() => {
      for (const [form, post] of forgotten) if (forms.get(form) === post) forms.delete(form);
      if (forms.size === 0 && this.posts.get(sender) === forms) this.posts.delete(sender);
    }, delayMs).unref();
  }
}

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64');

/** Cookies and fields are secret, so only hashes are kept. What a page is to say once comes and goes between two clicks. */
function senderOf(request: Request, cookies: Cookies): string {
  const passing = FORM_COOKIES.flatMap(cookieNames);
  const lasting = Object.entries(cookies).filter(([name]) => !passing.includes(name));
  return hashOf([clientAddress(request), request.get('user-agent'), lasting.sort()]);
}
const formOf = (request: Request) => hashOf([request.originalUrl, request.get('referer'), request.body]);

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
