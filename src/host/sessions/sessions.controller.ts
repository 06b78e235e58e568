import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { isUUID } from 'class-validator';
import type { Request, Response } from 'express';
import { FormTargets, Negotiated, notAPage, Page } from '../../http/index.js';
import {
  AccountOnPageGuard,
  PostThrottler,
  SignedIn,
  type SignedInCaller,
  TwoFactorService,
} from '../../two-factor/index.js';
import { ApiHostProblems, unknownSession } from '../host.problems.js';
import { SignOutPage } from '../host.pages.js';
import { SessionList } from './session-list.js';
import { SessionRepository } from './session.repository.js';
import { SessionsResource } from './sessions.dto.js';
import { SessionsPage } from './sessions.page.js';

const SIGNED_IN = ['sign-in-required', 'second-factor-required'] as const;

/** Lists the user's sessions and ends them. */
@ApiTags('Reference host')
@Negotiated(AccountOnPageGuard, PostThrottler)
@Controller('account')
export class SessionsController {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly sessionList: SessionList,
    private readonly twoFactor: TwoFactorService,
  ) {}

  @Get('sessions')
  @Page(SessionsPage)
  @ApiOperation({ summary: 'Where the user is signed in' })
  @ApiOkResponse({ type: SessionsResource })
  @ApiHostProblems(...SIGNED_IN)
  async list(@SignedIn() { userId }: SignedInCaller, @Req() request: Request): Promise<SessionsResource> {
    return { sessions: await this.sessionList.ofUser(userId, request.sessionID) };
  }

  @FormTargets('sessions/:id/end', 'sign-out-everywhere')
  formTargets(): never {
    throw notAPage('/account/sessions');
  }

  @Post('sessions/:id/end')
  @HttpCode(204)
  @Page(SessionsPage)
  @ApiOperation({ summary: 'End one session; its next request is not signed in' })
  @ApiNoContentResponse()
  @ApiHostProblems(...SIGNED_IN, 'rate-limited', 'unknown-session')
  async end(@SignedIn() { userId }: SignedInCaller, @Param('id') id: string): Promise<void> {
    if (!isUUID(id) || !(await this.sessions.end(userId, id))) throw unknownSession();
  }

  @Post('sign-out-everywhere')
  @HttpCode(204)
  @Page(SignOutPage)
  @ApiOperation({ summary: 'End every session of the user, including this one, and stop trusting browsers' })
  @ApiNoContentResponse()
  @ApiHostProblems(...SIGNED_IN, 'rate-limited')
  async signOutEverywhere(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    await this.twoFactor.signOutEverywhere(request, response);
  }
}
