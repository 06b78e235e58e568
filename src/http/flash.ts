import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { PersonalDataCipher } from '../crypto/personal-data-cipher.js';
import { appendCookie, cookieNameFor, readCookie } from './cookies.js';
import { Problem, type ProblemDetails } from './problem.js';
import type { View } from './view-renderer.js';

/** It grants nothing. */
const FLASH_COOKIE = 'otp-flash';
/** What was typed into a form whose sender has to sign in, or show a factor, first. It grants nothing. */
const TYPED_COOKIE = 'otp-typed';
/** The cookies that carry something from a form to a page. */
export const FORM_COOKIES = [FLASH_COOKIE, TYPED_COOKIE];
/** The browser follows the redirect at once. The rest is for a page that fails first and is loaded again. */
const LIFETIME_SECONDS = 120;
/** As long as a form is kept that waits for a factor. */
const TYPED_LIFETIME_SECONDS = 600;
/** Browsers keep cookies of 4096 bytes, and encryption makes them a third longer. */
const LONGEST_PLAIN_TEXT = 2800;
const NEVER_KEPT = /password|token/i;
const ANY_ORIGIN = 'http://origin.invalid';

/** A problem without what is only for its own response. */
interface KeptProblem {
  code: string;
  status: number;
  details: ProblemDetails;
}

/** What a post leaves for the page that the browser is redirected to. */
export interface Flash {
  /** What the page says on top. */
  notice?: string;
  /** What is shown once instead of the page. */
  view?: Pick<View, 'name' | 'context'>;
  /** Why the post was refused. */
  problem?: KeptProblem;
  /** What was typed into the form that was refused. */
  typed?: Record<string, unknown>;
}

/**
 * Carries messages from a post to the page at which it is answered: post, redirect, get. They travel in a cookie that is
 * sealed for one address, read once, and gone after two minutes. Nothing of them is in the address.
 */
@Injectable()
export class Flashes {
  constructor(private readonly cipher: PersonalDataCipher) {}

  /**
   * Leaves a flash for the page at an address. Without the space for it all, what was typed is left out.
   * @returns false if it does not fit even so
   */
  leave(request: Request, response: Response, address: string, flash: Flash): boolean {
    const lifetime = LIFETIME_SECONDS;
    return [flash, { ...flash, typed: undefined }].some((each) =>
      this.send(request, response, { name: FLASH_COOKIE, lifetime, address, flash: each }),
    );
  }

  /** Keeps what was typed into a form of a page, until its sender has come back to the page. */
  keepTyped(request: Request, response: Response, address: string): void {
    const typed = typedIn(request.body, address);
    // A form that leads on is not of the page to which it leads.
    if (Object.keys(typed).length === 0 || 'returnTo' in typed) return;
    const lifetime = TYPED_LIFETIME_SECONDS;
    this.send(request, response, { name: TYPED_COOKIE, lifetime, address, flash: { typed } });
  }

  /** What was left for the page at an address, if anything was. */
  read(request: Request, address: string): Flash | null {
    const found = FORM_COOKIES.map((name) => this.open(request, name, address)).filter(
      (each) => each !== null,
    );
    return found.length > 0 ? Object.assign({}, ...found.reverse()) : null;
  }

  /** Makes the browser forget what was left for the page at an address, once the page is shown. */
  clear(request: Request, response: Response, address: string): void {
    for (const name of FORM_COOKIES)
      if (this.open(request, name, address)) appendCookie(response, cookieNameFor(request, name), '', 0);
  }

  private open(request: Request, name: string, address: string): Flash | null {
    const value = readCookie(request, cookieNameFor(request, name));
    if (!value) return null;
    try {
      const text = this.cipher.open(value, 'flash cookie', comparable(address));
      const { until, ...flash } = JSON.parse(text) as Flash & { until: number };
      return until > Date.now() ? flash : null;
    } catch {
      // For the page of another tab, or altered.
      return null;
    }
  }

  /** @returns false if it does not fit */
  private send(
    request: Request,
    response: Response,
    left: { name: string; lifetime: number; address: string; flash: Flash },
  ): boolean {
    const { name, lifetime, address, flash } = left;
    const text = JSON.stringify({ ...flash, until: Date.now() + lifetime * 1000 });
    if (Buffer.byteLength(text) > LONGEST_PLAIN_TEXT) return false;
    const value = this.cipher.seal(text, 'flash cookie', comparable(address));
    appendCookie(response, cookieNameFor(request, name), value, lifetime);
    return true;
  }
}

/** The fields of a form, but no passwords, and not what the address of its page has already. */
function typedIn(body: unknown, address: string): Record<string, unknown> {
  const inAddress = new URL(address, ANY_ORIGIN).searchParams;
  return Object.fromEntries(
    Object.entries((body ?? {}) as Record<string, unknown>).filter(
      ([name, value]) => !NEVER_KEPT.test(name) && inAddress.get(name) !== value,
    ),
  );
}

/** What is kept of a problem and of the form that it is about. Fields of passwords are not. */
export function refusalFlash(problem: Problem, address: string, body: unknown): Flash {
  const { forView, redirectTo: _redirectTo, headers: _headers, ...rest } = problem.details;
  return {
    problem: {
      code: problem.code,
      status: problem.getStatus(),
      // Anything but a mark belongs to the moment of the post; the page reads it again.
      details: typeof forView === 'string' ? { ...rest, forView } : rest,
    },
    typed: typedIn(body, address),
  };
}

/** The problem again, as the page is to show it. @param body what the page's own handler returned */
export function problemAgain({ code, status, details }: KeptProblem, body: unknown): Problem {
  return new Problem(code, status, { ...details, forView: details.forView ?? body });
}

/** Browsers escape some characters of an address that we did not. */
function comparable(address: string): string {
  const { pathname, search } = new URL(address, ANY_ORIGIN);
  return pathname + search;
}
