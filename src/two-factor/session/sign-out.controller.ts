import { Controller, HttpCode, Inject, Injectable, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import type { Request, Response } from 'express';
import {
  errorContext,
  FormTargets,
  notAPage,
  Page,
  type PageContext,
  PageView,
  type Problem,
  type Redirect,
  type View,
} from '../../http/index.js';
import { SkipSecondFactor } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { ApiProblems } from '../two-factor.problems.js';
import { TwoFactorPaths } from './two-factor-paths.js';
import { TwoFactorService } from './two-factor.service.js';

/** Continues on the host's sign-in page, where another account can sign in. */
@Injectable()
export class SignedOutPage extends PageView<void> {
  constructor(
    private readonly paths: TwoFactorPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {
    super();
  }

  success(): Redirect {
    return { redirectTo: this.options.signInPath };
  }

  failure(problem: Problem, context: PageContext): View {
    return {
      name: 'two-factor/refused',
      context: {
        title: context.text('twoFactor.title'),
        startPath: this.paths.challenge(this.options.homePath),
        ...errorContext(problem, context, '', []),
      },
    };
  }
}

/** The way out of every page of the second factor, whatever the host's own sign-out is. */
@ApiTags('Two-factor sign-in')
@SkipSecondFactor()
@SignedInRoutes()
@Controller('two-factor')
export class SignOutController {
  constructor(
    private readonly twoFactor: TwoFactorService,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  @FormTargets('sign-out')
  formTargets(): never {
    throw notAPage(this.options.homePath);
  }

  @Post('sign-out')
  @HttpCode(204)
  @Page(SignedOutPage)
  @ApiOperation({ summary: 'End the session, to leave or to use another account' })
  @ApiNoContentResponse()
  @ApiProblems('rate-limited')
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.twoFactor.signOut(request, response);
  }
}
