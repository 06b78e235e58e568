import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import {
  BODIES,
  FormTargets,
  InputPipe,
  isAnsweredByPage,
  Negotiated,
  notAPage,
  Page,
  pageContextOf,
  Problem,
} from '../../http/index.js';
import {
  AccountOnPageGuard,
  AssuranceResource,
  PostThrottler,
  RequireFactor,
  SignedIn,
  type SignedInCaller,
  StepUpGrants,
} from '../../two-factor/index.js';
import { ApiHostProblems } from '../host.problems.js';
import { PaymentDto, PaymentResource } from './payments.dto.js';
import { PaymentPage, paymentText, ReceiptPage } from './payments.pages.js';
import { PAYMENT, type Payment, Payments } from './payments.service.js';

const SIGNED_IN = ['sign-in-required', 'second-factor-required'] as const;

/** Payments, each confirmed by a factor shown for just it. */
@ApiTags('Reference host')
@Negotiated(AccountOnPageGuard, PostThrottler)
@UsePipes(new InputPipe('host'))
@RequireFactor()
@Controller('account')
export class PaymentsController {
  constructor(
    private readonly payments: Payments,
    private readonly stepUps: StepUpGrants,
  ) {}

  @Get('payment')
  @Page(PaymentPage)
  @ApiOperation({ summary: 'The payment form' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems(...SIGNED_IN)
  async form(
    @SignedIn() caller: SignedInCaller,
    @Query('grant') grant: unknown,
    @Req() request: Request,
  ): Promise<AssuranceResource | PaymentResource> {
    // Back, or a second tab, after it was paid.
    const paid = isAnsweredByPage(request) ? await this.payments.find(caller.userId, grant) : null;
    return paid ? resourceOf(paid) : AssuranceResource.of(caller);
  }

  @Post('payment')
  @HttpCode(200)
  @Page(PaymentPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Pay, after confirming exactly this payment with a factor; once for each grant' })
  @ApiOkResponse({ type: PaymentResource })
  @ApiHostProblems(...SIGNED_IN, 'invalid-input', 'step-up-required', 'rate-limited')
  async pay(
    @SignedIn() { userId }: SignedInCaller,
    @Req() request: Request,
    @Body() { amount, recipient, grant }: PaymentDto,
  ): Promise<PaymentResource> {
    const order = { amount, recipient };
    await this.stepUps.perform(
      request,
      {
        action: PAYMENT,
        payload: order,
        summary: paymentText('host.payment.summary', order, pageContextOf(request)!),
        returnTo: `/account/payment?${new URLSearchParams(order)}`,
      },
      grant,
    );
    // A payment has the id of its grant.
    return this.paid(userId, grant!);
  }

  @FormTargets('payments')
  formTargets(): never {
    throw notAPage('/account/payment');
  }

  @Get('payments/:id')
  @Page(ReceiptPage)
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ summary: 'A payment that was made' })
  @ApiOkResponse({ type: PaymentResource })
  @ApiHostProblems(...SIGNED_IN, 'not-found')
  receipt(@SignedIn() { userId }: SignedInCaller, @Param('id') id: string): Promise<PaymentResource> {
    return this.paid(userId, id);
  }

  private async paid(userId: string, id: string): Promise<PaymentResource> {
    const payment = await this.payments.find(userId, id);
    if (!payment) throw Problem.http('not-found');
    return resourceOf(payment);
  }
}

const resourceOf = ({ id, amount, recipient, paidAt }: Payment): PaymentResource => ({
  id,
  status: 'paid',
  amount,
  recipient,
  paidAt: paidAt.toISOString(),
});
