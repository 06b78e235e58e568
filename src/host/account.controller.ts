import { Body, Controller, Get, HttpCode, Post, Req, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { BODIES, InputPipe, Negotiated, Page, Problem } from '../http/index.js';
import {
  AccountOnPageGuard,
  AssuranceResource,
  PostThrottler,
  RequireFactor,
  SignedIn,
  type SignedInCaller,
  StepUpGrants,
} from '../two-factor/index.js';
import { AccountResource, PaymentDto, PaymentResource, UserResource } from './dto.js';
import { AccountPage, PaymentPage, UsersPage } from './host.pages.js';
import { ApiHostProblems } from './host.problems.js';
import type { User } from './user.entity.js';
import { Users } from './users.service.js';

const SIGNED_IN = ['sign-in-required', 'second-factor-required'] as const;

/** The routes of signed-in users. By default, users with a second factor have to show it. */
@ApiTags('Reference host')
@Negotiated(AccountOnPageGuard, PostThrottler)
@UsePipes(new InputPipe('host'))
@Controller('account')
export class AccountController {
  constructor(
    private readonly users: Users,
    private readonly stepUps: StepUpGrants,
  ) {}

  @Get()
  @Page(AccountPage)
  @ApiOperation({ summary: 'The signed-in user and their assurance level' })
  @ApiOkResponse({ type: AccountResource })
  @ApiHostProblems(...SIGNED_IN)
  async account(@SignedIn() caller: SignedInCaller): Promise<AccountResource> {
    const { email, role } = await this.userOf(caller);
    return { email, role, assurance: AssuranceResource.of(caller) };
  }

  @Get('payment')
  @RequireFactor()
  @Page(PaymentPage)
  @ApiOperation({ summary: 'The payment form' })
  @ApiOkResponse({ type: AssuranceResource })
  @ApiHostProblems(...SIGNED_IN)
  paymentForm(@SignedIn() caller: SignedInCaller): AssuranceResource {
    return AssuranceResource.of(caller);
  }

  @Post('payment')
  @HttpCode(200)
  @RequireFactor()
  @Page(PaymentPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Pay, after confirming exactly this payment with a factor' })
  @ApiOkResponse({ type: PaymentResource })
  @ApiHostProblems(...SIGNED_IN, 'invalid-input', 'step-up-required', 'rate-limited')
  async pay(
    @Req() request: Request,
    @Body() { amount, recipient, grant }: PaymentDto,
  ): Promise<PaymentResource> {
    const query = new URLSearchParams({ amount, recipient });
    await this.stepUps.requireFor(
      request,
      {
        action: 'payment',
        payload: { amount, recipient },
        summary: `Pay ${amount} EUR to ${recipient}`,
        returnTo: `/account/payment?${query}`,
      },
      grant,
    );
    return { status: 'paid', amount, recipient };
  }

  @Get('users')
  @RequireFactor({ maxAgeSeconds: 300 })
  @Page(UsersPage)
  @ApiOperation({ summary: 'All users; for administrators with a recently shown factor' })
  @ApiOkResponse({ type: [UserResource] })
  @ApiHostProblems(...SIGNED_IN, 'forbidden')
  async list(@SignedIn() caller: SignedInCaller): Promise<UserResource[]> {
    const user = await this.userOf(caller);
    if (user.role !== 'admin') throw Problem.http('forbidden');
    return (await this.users.all()).map(({ email, role }) => ({ email, role }));
  }

  private async userOf({ userId }: SignedInCaller): Promise<User> {
    const user = await this.users.find(userId);
    if (!user) throw Problem.http('forbidden');
    return user;
  }
}
