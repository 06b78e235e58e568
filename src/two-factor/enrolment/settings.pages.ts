import { Inject, Injectable } from '@nestjs/common';
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
import { PhoneForm } from '../../verification/index.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { RemovalPage } from './removal.pages.js';
import type { SettingsResource } from './settings.resource.js';

/** A failure of a change. A browser sees it on the settings, other clients with the way back to them. */
export const settingsRefused = (problem: Problem, context: PageContext): View => ({
  name: 'two-factor/settings-refused',
  address: `${context.base}/settings`,
  context: {
    title: context.text('settings.title'),
    base: context.base,
    ...errorContext(problem, context, '', []),
  },
});

/** The form whose fields came back: the one that adds a phone, the one that adds a passkey, or the one that renames a phone. */
function formOf({ input }: PageContext): 'phone' | 'passkey' | 'name' {
  if (input['phoneNumber'] !== undefined) return 'phone';
  return input['response'] === undefined ? 'name' : 'passkey';
}

/** The errors of a form, each at its field. Three forms ask for a name. */
function errorsOf(problem: Problem, context: PageContext): ViewContext {
  const form = formOf(context);
  const ofPhone = { field: 'phoneNumber', fields: ['phoneNumber', 'country', 'label'], part: 'sms' };
  const { field, fields, part } =
    form === 'phone' ? ofPhone : { field: '', fields: ['label'], part: undefined };
  const found = errorContext(problem, context, field, fields, part);
  const labelId = { phone: 'newLabel', passkey: 'passkeyLabel', name: `label-${typed(context, 'phoneId')}` }[
    form
  ];
  const errors = ((found['errors'] ?? []) as ViewContext[]).map((each) =>
    each['field'] === 'label' ? { ...each, field: labelId } : each,
  );
  return { ...found, errors, [`${form}LabelError`]: found['labelError'] };
}

/** Phones, apps, recovery codes and trusted browsers, with the forms that change them. */
@Injectable()
export class SettingsPage extends PageView<SettingsResource> {
  constructor(
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
    private readonly phones: PhoneForm,
  ) {
    super();
  }

  success({ factors, recoveryCodesLeft, trustedBrowsers }: SettingsResource, context: PageContext): View {
    const { base, text, formatting } = context;
    const [form, label] = [formOf(context), typed(context, 'label')];
    const day = new Intl.DateTimeFormat(formatting.locale, {
      dateStyle: 'medium',
      timeZone: formatting.timeZone,
    });
    return {
      name: 'two-factor/settings',
      context: {
        title: text('settings.title'),
        base,
        ...this.phones.countryContext(context),
        phones: factors
          .filter(({ method }) => method === 'sms')
          .map((each) => ({
            ...each,
            ...(typed(context, 'phoneId') === each.id && { isOpen: true, typedLabel: label }),
          })),
        passkeys: factors.filter(({ method }) => method === 'passkey').map((each) => ({ ...each })),
        offersPasskeys: this.options.passkeys !== null,
        apps: factors.filter(({ method }) => method === 'totp').map((each) => ({ ...each })),
        recoveryCodesLeft,
        browsers: trustedBrowsers.map(({ id, description, lastUsedAt, expiresAt }) => ({
          id,
          description,
          lastUsed: day.format(new Date(lastUsedAt)),
          expires: day.format(new Date(expiresAt)),
        })),
        homePath: this.options.homePath,
        phoneNumber: typed(context, 'phoneNumber'),
        newLabel: form === 'phone' ? label : '',
        passkeyLabel: form === 'passkey' ? label : '',
      },
    };
  }

  failure(problem: Problem, context: PageContext): View {
    const settings = problem.details.forView as SettingsResource | undefined;
    if (!settings) return settingsRefused(problem, context);
    const view = this.success(settings, context);
    return { ...view, context: { ...view.context, ...errorsOf(problem, context) } };
  }
}

/** A change: back to the settings, which say that it is saved, or on to recovery codes. A reload there changes nothing. */
@Injectable()
export class ChangePage extends PageView<SettingsResource> {
  /** After a factor was added. */
  protected readonly offersRecoveryCodes: boolean = false;
  protected readonly notice: string = 'settings.changed';

  success({ factors, recoveryCodesLeft }: SettingsResource, { base, text }: PageContext): Redirect {
    // Whoever has a factor can lose it.
    if (this.offersRecoveryCodes && factors.length === 1 && recoveryCodesLeft === 0)
      return { redirectTo: `${base}/recovery-codes`, notice: text('recoveryCodes.next') };
    return { redirectTo: `${base}/settings`, notice: text(this.notice) };
  }

  failure(problem: Problem, context: PageContext): View {
    return settingsRefused(problem, context);
  }
}

/** A change that ends no other session. */
@Injectable()
export class TrustChangePage extends ChangePage {
  protected override readonly notice = 'settings.saved';
}

/** The providers of the pages above. */
export const SETTINGS_PAGES = [SettingsPage, ChangePage, TrustChangePage, RemovalPage];
