import { Inject, Injectable } from '@nestjs/common';
import {
  countForms,
  errorContext,
  type PageContext,
  problemDetail,
  type Problem,
  typed,
  type View,
  type ViewContext,
} from '../http/index.js';
import { LONGEST_TYPED_CODE } from './domain/one-time-code.js';
import type { VerificationPolicy } from './domain/policy.js';
import type { Action, PublicEndReason } from './domain/verification-record.js';
import type { VerificationResource } from './dto/verification.resource.js';
import { VerificationProvider } from './provider/verification-provider.js';
import { VERIFICATION_POLICY } from './verification.options.js';

/** Why no code can be entered. Each reason has its own page. */
type Ended = PublicEndReason | 'unknown' | 'used';

/** The page of a code. It has a form for each action that the request allows, and says whether the message got through. */
@Injectable()
export class CodeForm {
  constructor(
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
    private readonly provider: VerificationProvider,
  ) {}

  /** Whether people can be called. */
  get offersCalls(): boolean {
    return this.provider.channels.includes('voice');
  }

  /** The page of a request: the code form while it can be verified, otherwise how it ended. */
  view(resource: VerificationResource, context: PageContext, more: ViewContext = {}): View {
    const { requestId, phoneNumber, actions, endReason } = resource;
    if (resource.status === 'VERIFIED') return this.result(requestId, context, { phoneNumber, ...more });
    if (endReason)
      return this.ended(endReason, requestId, context, { ...aboutMessage(resource, context), ...more });
    const isElsewhere = resource.requestedElsewhere === true;
    const isWaiting = !isElsewhere && !actions.includes('verify');
    // Once a message is out, it is for the last attempt: it is under way, or its answer was lost.
    const reason = resource.sentAt === null ? 'code.sending' : 'problem.check-in-progress.detail';
    return this.form(requestId, actions, context, {
      ...aboutMessage(resource, context),
      codeLength: resource.codeLength,
      isElsewhere,
      waiting: isWaiting && context.text(reason),
      ...more,
    });
  }

  /** Shows the same page again with the problem's messages. */
  failed(problem: Problem, context: PageContext, surroundings: ViewContext = {}): View {
    const resource = problem.details.forView as Partial<VerificationResource> | undefined;
    const isKnown = isWhole(resource);
    const requestId = resource?.requestId ?? typed(context, 'requestId');
    const ended = endOf(problem);
    if (ended) {
      const about = isKnown ? aboutMessage(resource, context) : {};
      const detail =
        ended === 'unknown'
          ? context.text('problem.unknown-request.detail')
          : problemDetail(problem, context.text);
      return this.ended(ended, requestId, context, { ...about, ...surroundings, detail, isError: true });
    }
    // What is wrong with the number or the message is wrong with no field of this page.
    const field = ['wrong-code', 'invalid-input'].includes(problem.code) ? 'otpCode' : '';
    const more: ViewContext = {
      ...surroundings,
      ...errorContext(problem, context, field, ['otpCode']),
      otpCode: problem.code === 'wrong-code' ? '' : typed(context, 'otpCode', LONGEST_TYPED_CODE),
    };
    if (isKnown) return this.view(resource, context, more);
    return this.form(requestId, requestId ? ['verify', 'resend', 'cancel'] : [], context, more);
  }

  private result(requestId: string, { base, text }: PageContext, more: ViewContext): View {
    return {
      name: 'result',
      address: addressOf(base, requestId),
      context: { title: text('result.title'), startPath: `${base}/`, ...more },
    };
  }

  private ended(ended: Ended, requestId: string, { base, text }: PageContext, more: ViewContext): View {
    const isOver = ended === 'unknown' || ended === 'used';
    return {
      name: 'ended',
      address: addressOf(base, requestId),
      context: {
        detail: text(`ended.${ended}.detail`),
        ...more,
        title: text(`ended.${ended}.title`),
        restartPath: isOver ? '' : (more['restartPath'] ?? `${base}/request-otp`),
        restartFields: more['restartFields'] ?? [{ name: 'requestId', value: requestId }],
        offersCalls: this.offersCalls && more['isVoice'] !== true,
        otherPath: more['otherPath'] ?? `${base}/`,
        other: more['other'] ?? text(isOver ? 'code.startAgain' : 'code.changeNumber'),
      },
    };
  }

  private form(
    requestId: string,
    actions: readonly Action[],
    { base, text }: PageContext,
    more: ViewContext,
  ): View {
    return {
      name: 'code',
      address: addressOf(base, requestId),
      context: {
        title: text('code.title'),
        requestId,
        codeLength: this.policy.codeLength,
        canVerify: actions.includes('verify'),
        canResend: actions.includes('resend'),
        offersCalls: this.offersCalls,
        canCancel: actions.includes('cancel'),
        verifyPath: `${base}/verify-otp`,
        resendPath: `${base}/resend-otp`,
        cancelPath: `${base}/cancel-otp`,
        startPath: `${base}/`,
        watchPath: addressOf(base, requestId),
        ...more,
      },
    };
  }
}

/** Where a GET shows the page of a request. */
const addressOf = (base: string, requestId: string): string =>
  `${base}/verify-otp?${new URLSearchParams({ requestId })}`;

/** Problems of other modules may bring other details, without a request. */
const isWhole = (resource: Partial<VerificationResource> | undefined): resource is VerificationResource =>
  resource?.requestId !== undefined;

/** What a problem says of the request's end; null when it is live, as far as the problem tells. */
function endOf({ code, details }: Problem): Ended | null {
  const { endReason } = (details.forView ?? {}) as Partial<VerificationResource>;
  switch (code) {
    case 'unknown-request':
      return 'unknown';
    // A link that was cut off names no request.
    case 'invalid-input':
      return details.errors?.some(({ field }) => field === 'requestId') ? 'unknown' : null;
    case 'already-verified':
      return 'used';
    case 'expired':
    case 'attempts-exhausted':
    case 'cancelled':
      return endReason ?? code;
    default:
      return null;
  }
}

/** What was sent, how, when and to whom. */
function aboutMessage(
  resource: VerificationResource,
  { formatting, locale, text }: PageContext,
): ViewContext {
  const { phoneNumber, channel, status, sentAt, expiresAt, resendAvailableAt } = resource;
  const clock = new Intl.DateTimeFormat(formatting.locale, {
    hour: 'numeric',
    minute: '2-digit',
    timeZone: formatting.timeZone,
    timeZoneName: 'short',
  });
  const timeOf = (iso: string | null): ViewContext | null =>
    iso === null ? null : { iso, text: clock.format(new Date(iso)) };
  const waitMs = Date.parse(resendAvailableAt ?? '') - Date.now();
  return {
    phoneNumber,
    isVoice: channel === 'voice',
    sent: timeOf(sentAt),
    expires: timeOf(expiresAt),
    resendWaitSeconds: Math.max(0, Math.ceil((waitMs || 0) / 1000)),
    waitForms: countForms(locale, (count) => text('code.wait', { count })),
    // The page looks whether this is still so.
    watched: `${status} ${sentAt}`,
  };
}
