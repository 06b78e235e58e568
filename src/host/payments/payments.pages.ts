import { Injectable } from '@nestjs/common';
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
import type { AssuranceResource } from '../../two-factor/index.js';
import { PlainPage } from '../host.pages.js';
import type { PaymentResource } from './payments.dto.js';
import { type PaymentOrder, paymentPath } from './payments.service.js';

/** A payment in the reader's words: in the summary that is confirmed, and on the receipt. */
export function paymentText(
  key: string,
  { amount, recipient }: PaymentOrder,
  { formatting, text }: PageContext,
): string {
  const money = new Intl.NumberFormat(formatting.locale, { style: 'currency', currency: 'EUR' });
  return text(key, { amount: money.format(Number(amount)), recipient });
}

/** The payment form. A payment that was made has a page of its own. */
@Injectable()
export class PaymentPage extends PageView<AssuranceResource | PaymentResource> {
  success(resource: AssuranceResource | PaymentResource, context: PageContext): View | Redirect {
    return 'status' in resource ? { redirectTo: paymentPath(resource.id) } : this.form(context);
  }

  failure(problem: Problem, context: PageContext): View {
    return this.form(context, errorContext(problem, context, 'amount', ['amount', 'recipient']));
  }

  private form(context: PageContext, more: ViewContext = {}): View {
    return {
      name: 'host/payment',
      address: '/account/payment',
      context: {
        title: context.text('host.payment'),
        amount: typed(context, 'amount'),
        recipient: typed(context, 'recipient'),
        grant: typed(context, 'grant'),
        ...more,
      },
    };
  }
}

/** A payment that was made. */
@Injectable()
export class ReceiptPage extends PlainPage<PaymentResource> {
  success(payment: PaymentResource, context: PageContext): View {
    const { locale, timeZone } = context.formatting;
    const clock = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone });
    return {
      name: 'host/receipt',
      context: {
        title: context.text('host.paid.title'),
        text: paymentText('host.paid', payment, context),
        paidAt: clock.format(new Date(payment.paidAt)),
      },
    };
  }
}

export const PAYMENT_PAGES = [PaymentPage, ReceiptPage];
