import { Controller, Get, UsePipes } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InputPipe, Negotiated, Page, Problem } from '../http/index.js';
import {
  AccountOnPageGuard,
  AssuranceResource,
  PostThrottler,
  RequireFactor,
  SignedIn,
  type SignedInCaller,
} from '../two-factor/index.js';
import { AccountResource, UserResource } from './dto.js';
import { AccountPage, UsersPage } from './host.pages.js';
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
  constructor(private readonly users: Users) {}

  @Get()
  @Page(AccountPage)
  @ApiOperation({ summary: 'The signed-in user and their assurance level' })
  @ApiOkResponse({ type: AccountResource })
  @ApiHostProblems(...SIGNED_IN)
  async account(@SignedIn() caller: SignedInCaller): Promise<AccountResource> {
    const { email, role } = await this.userOf(caller);
    return { email, role, assurance: AssuranceResource.of(caller) };
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
