import { Controller, Get, Req, UsePipes } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { InputPipe, Negotiated, Page, Problem } from '../http/index.js';
import {
  AccountOnPageGuard,
  AssuranceResource,
  Factors,
  PostThrottler,
  RecoveryCodes,
  RequireFactor,
  SignedIn,
  type SignedInCaller,
} from '../two-factor/index.js';
import { ActivityLog } from './activity/activity.js';
import { AccountResource, UserResource } from './dto.js';
import { AccountPage, UsersPage } from './host.pages.js';
import { ApiHostProblems } from './host.problems.js';
import { SessionList } from './sessions/session-list.js';
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
    private readonly factors: Factors,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly sessions: SessionList,
    private readonly activity: ActivityLog,
  ) {}

  @Get()
  @Page(AccountPage)
  @ApiOperation({ summary: 'The signed-in user: assurance, factors, sessions and what happened lately' })
  @ApiOkResponse({ type: AccountResource })
  @ApiHostProblems(...SIGNED_IN)
  async account(@SignedIn() caller: SignedInCaller, @Req() request: Request): Promise<AccountResource> {
    const { email, role } = await this.userOf(caller);
    const { userId } = caller;
    const activity = await this.activity.recent(userId);
    return {
      email,
      role,
      assurance: AssuranceResource.of(caller),
      factors: await this.factors.enrolledBy(userId),
      recoveryCodesLeft: await this.recoveryCodes.left(userId),
      sessions: await this.sessions.ofUser(userId, request.sessionID),
      activity: activity.map(({ at, ...rest }) => ({ ...rest, at: at.toISOString() })),
    };
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
