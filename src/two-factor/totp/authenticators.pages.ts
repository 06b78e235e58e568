import { Injectable } from '@nestjs/common';
import { renderSVG } from 'uqr';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  type Redirect,
  typed,
  type View,
} from '../../http/index.js';
import { LONGEST_TYPED_CODE } from '../../verification/index.js';
import { ChangePage } from '../enrolment/settings.pages.js';
import type { AuthenticatorResource } from './authenticators.dto.js';
import { CODE_SHAPE } from './totp.factor.js';

/** The secret of an app as text and QR code, and the field for its first code. */
@Injectable()
export class SetupPage extends PageView<AuthenticatorResource> {
  success(setup: AuthenticatorResource, context: PageContext): View {
    return setupView(setup, context);
  }

  failure(problem: Problem, context: PageContext): View | Redirect {
    // Nothing is being set up here any more: Back after it was done, or much later.
    if (problem.code === 'unknown-factor') return { redirectTo: `${context.base}/settings` };
    return setupRefused(problem, context);
  }
}

/** Checks the app's first code: continues in the settings, or on the same page again. */
@Injectable()
export class ConfirmPage extends ChangePage {
  protected override readonly offersRecoveryCodes = true;

  override failure(problem: Problem, context: PageContext): View {
    return setupRefused(problem, context);
  }
}

function setupView(setup: AuthenticatorResource | null, { base, text }: PageContext): View {
  return {
    name: 'two-factor/authenticator',
    address: `${base}/authenticators/new`,
    context: {
      title: text('authenticator.title'),
      base,
      digits: CODE_SHAPE.length,
      secret: setup && inGroupsOfFour(setup.secret),
      qrCode: setup && qrCodeOf(setup.uri),
    },
  };
}

function setupRefused(problem: Problem, context: PageContext): View {
  const setup = (problem.details.forView ?? null) as AuthenticatorResource | null;
  const view = setupView(setup, context);
  const errors = errorContext(problem, context, setup ? 'otpCode' : '', setup ? ['otpCode'] : []);
  const otpCode = problem.code === 'invalid-input' ? typed(context, 'otpCode', LONGEST_TYPED_CODE) : '';
  return { ...view, context: { ...view.context, ...errors, otpCode } };
}

const inGroupsOfFour = (secret: string) => secret.replace(/(.{4})(?=.)/g, '$1 ');

/** An SVG with attributes only, because the content security policy allows neither inline styles nor data URIs. */
const qrCodeOf = (uri: string) => renderSVG(uri, { ecc: 'M', border: 4, pixelSize: 1 });

/** The providers of the pages above. */
export const AUTHENTICATOR_PAGES = [SetupPage, ConfirmPage];
