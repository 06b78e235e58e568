import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { PersonalDataCipher } from '../crypto/personal-data-cipher.js';
import { appendCookie, cookieNameFor, readCookie } from './cookies.js';
import { Problem, type ProblemDetails } from './problem.js';
import type { View } from './view-renderer.js';

/** It grants nothing. */
export const FLASH_COOKIE = 'otp-flash';
/** The browser follows the redirect at once. The rest is for a page that fails first and is loaded again. */
const LIFETIME_SECONDS = 120;
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
    const until = Date.now() + LIFETIME_SECONDS * 1000;
    const text = [flash, { ...flash, typed: undefined }]
      .map((each) => JSON.stringify({ ...each, until }))
      .find((each) => Buffer.byteLength(each) <= LONGEST_PLAIN_TEXT);
    if (text === undefined) return false;
    const value = this.cipher.seal(text, 'flash cookie', comparable(address));
    this.send(request, response, value, LIFETIME_SECONDS);
    return true;
  }

  /** The flash for the page at an address, if there is one. */
  read(request: Request, address: string): Flash | null {
    const value = readCookie(request, cookieNameFor(request, FLASH_COOKIE));
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

  /** Makes the browser forget it, once its page is shown. */
  clear(request: Request, response: Response): void {
    this.send(request, response, '', 0);
  }

  private send(request: Request, response: Response, value: string, maxAge: number): void {
    appendCookie(response, cookieNameFor(request, FLASH_COOKIE), value, maxAge);
  }
}

/** What is kept of a problem and of the form that it is about. Fields of passwords are not. */
export function refusalFlash(problem: Problem, address: string, body: unknown): Flash {
  const { forView, redirectTo: _redirectTo, headers: _headers, ...rest } = problem.details;
  const inAddress = new URL(address, ANY_ORIGIN).searchParams;
  const typed = Object.entries((body ?? {}) as Record<string, unknown>).filter(
    ([name, value]) => !NEVER_KEPT.test(name) && inAddress.get(name) !== value,
  );
  return {
    problem: {
      code: problem.code,
      status: problem.getStatus(),
      // Anything but a mark belongs to the moment of the post; the page reads it again.
      details: typeof forView === 'string' ? { ...rest, forView } : rest,
    },
    typed: Object.fromEntries(typed),
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
