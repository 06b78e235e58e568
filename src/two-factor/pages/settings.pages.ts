import { Inject, Injectable } from '@nestjs/common';
import { toString as toQrCode } from 'qrcode';
import {
  errorContext,
  type PageContext,
  PageView,
  type Problem,
  type Redirect,
  typed,
  type View,
  type ViewContext,
} from '../../http/index.js';
import { CodeForm, PhoneForm, type VerificationResource } from '../../verification/index.js';
import type { AuthenticatorResource, RecoveryCodesResource, SettingsResource } from '../dto/resources.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';

const SETTINGS = '/two-factor/settings';

const refused = (problem: Problem, context: PageContext): View => ({
  name: 'two-factor/settings-refused',
  context: { title: context.text('settings.title'), ...errorContext(problem, context, '', []) },
});

/** Phones, apps, recovery codes and trusted browsers, each with what can be done to it. */
@Injectable()
export class SettingsPage extends PageView<SettingsResource> {
  constructor(@Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions) {
    super();
  }

  success(
    { factors, recoveryCodesLeft, trustedBrowsers }: SettingsResource,
    context: PageContext,
  ): View | Redirect {
    const { request, text, locale } = context;
    // Whatever was changed: a reload shows the page and changes nothing again.
    if (request.method === 'POST') return { redirectTo: `${SETTINGS}?changed=yes` };
    const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
    const { changed, recovered } = request.query;
    return {
      name: 'two-factor/settings',
      context: {
        title: text('settings.title'),
        phones: factors.filter(({ method }) => method === 'sms').map((each) => ({ ...each })),
        apps: factors.filter(({ method }) => method === 'totp').map((each) => ({ ...each })),
        recoveryCodesLeft,
        browsers: trustedBrowsers.map(({ id, description, lastUsedAt, expiresAt }) => ({
          id,
          description,
          lastUsed: day.format(new Date(lastUsedAt)),
          expires: day.format(new Date(expiresAt)),
        })),
        homePath: this.options.homePath,
        ...(recovered
          ? { notice: text('settings.recovered') }
          : changed
            ? { notice: text('settings.changed') }
            : {}),
      },
    };
  }

  failure(problem: Problem, context: PageContext): View {
    return refused(problem, context);
  }
}

/** What an enrolment carries from page to page. */
const carried = (context: PageContext): ViewContext => ({
  hidden: ['label', 'replaces']
    .map((name) => ({ name, value: typed(context, name) }))
    .filter(({ value }) => value !== ''),
});

/** `POST /two-factor/phones`: on to the code page, or the phone form again. */
@Injectable()
export class EnrolPage extends PageView<VerificationResource> {
  constructor(
    private readonly phones: PhoneForm,
    private readonly codes: CodeForm,
  ) {
    super();
  }

  success(resource: VerificationResource, context: PageContext): View {
    return this.codes.view(resource, context, enrolmentForms(context));
  }

  failure(problem: Problem, context: PageContext): View {
    return this.phones.failed(problem, context, {
      startPath: '/two-factor/phones',
      backPath: SETTINGS,
      back: context.text('settings.back'),
      ...carried(context),
    });
  }
}

/** Until the number is proven. */
@Injectable()
export class ProvePage extends PageView<VerificationResource | SettingsResource> {
  constructor(private readonly codes: CodeForm) {
    super();
  }

  success(resource: VerificationResource | SettingsResource, context: PageContext): View | Redirect {
    if ('factors' in resource) return { redirectTo: `${SETTINGS}?changed=yes` };
    const resent = context.request.method === 'POST' ? { notice: context.text('code.resent') } : {};
    return this.codes.view(resource, context, { ...enrolmentForms(context), ...resent });
  }

  failure(problem: Problem, context: PageContext): View {
    return this.codes.failed(problem, context, enrolmentForms(context));
  }
}

const enrolmentForms = (context: PageContext): ViewContext => ({
  verifyPath: '/two-factor/phones/verify',
  resendPath: '/two-factor/phones/resend',
  canCancel: false,
  startPath: SETTINGS,
  again: context.text('settings.title'),
  ...carried(context),
});

/** The secret of an app, as text and QR code, and the field for its first code. */
@Injectable()
export class AuthenticatorPage extends PageView<AuthenticatorResource | SettingsResource> {
  success(resource: AuthenticatorResource | SettingsResource, context: PageContext): View | Redirect {
    if ('factors' in resource) return { redirectTo: `${SETTINGS}?changed=yes` };
    return this.view(resource, context);
  }

  failure(problem: Problem, context: PageContext): View {
    const pending = (problem.details.forView ?? null) as AuthenticatorResource | null;
    const errors = errorContext(problem, context, pending ? 'otpCode' : '', []);
    return this.view(pending, context, errors);
  }

  private view(pending: AuthenticatorResource | null, { text }: PageContext, more: ViewContext = {}): View {
    return {
      name: 'two-factor/authenticator',
      context: {
        title: text('authenticator.title'),
        ...(pending ? { secret: inFours(pending.secret), qrCode: qrCodeOf(pending.uri) } : {}),
        ...more,
      },
    };
  }
}

/** The only time that the codes can be read. */
@Injectable()
export class RecoveryCodesPage extends PageView<RecoveryCodesResource> {
  success({ recoveryCodes }: RecoveryCodesResource, { text }: PageContext): View {
    const codes = recoveryCodes.map((code) => ({ code }));
    return { name: 'two-factor/recovery-codes', context: { title: text('recoveryCodes.title'), codes } };
  }

  failure(problem: Problem, context: PageContext): View {
    return refused(problem, context);
  }
}

const inFours = (secret: string) => secret.replace(/(.{4})(?=.)/g, '$1 ');

/** As SVG with attributes only: the pages' policy allows neither inline styles nor data URIs. */
function qrCodeOf(uri: string): string {
  let svg = '';
  toQrCode(uri, { type: 'svg', margin: 4 }, (error, made) => {
    if (error) throw error;
    svg = made;
  });
  return svg;
}

export const SETTINGS_PAGES = [SettingsPage, EnrolPage, ProvePage, AuthenticatorPage, RecoveryCodesPage];
