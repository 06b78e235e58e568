import { Controller, Get, Inject, Injectable, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '../../openapi/decorators.js';
import type { Request, Response } from 'express';
import { Page, type PageContext, PageView, type Problem, type View } from '../../http/index.js';
import { MASKED_ACCOUNT } from '../challenge/challenge.resources.js';
import { settingsRefused } from '../enrolment/settings.pages.js';
import { SettingsService } from '../enrolment/settings.service.js';
import { ChangesFactors, FreshForChangeGuard } from '../guard/fresh-for-change.guard.js';
import { ForEnrolment, SignedIn } from '../guard/require-factor.js';
import { SignedInRoutes } from '../guard/signed-in-routes.js';
import type { SignedInCaller } from '../session/assurance.js';
import { type ResolvedTwoFactorOptions, TWO_FACTOR_OPTIONS } from '../two-factor.options.js';
import { ApiProblems, ON_A_CHANGE } from '../two-factor.problems.js';
import { RecoveryCodes } from './recovery-codes.service.js';

/** How many recovery codes a user has. */
export class RecoveryCodesLeftResource {
  @ApiProperty()
  recoveryCodesLeft!: number;
}

/** New recovery codes. This is the only time that they are shown. */
export class RecoveryCodesResource {
  @ApiProperty({ type: [String], example: ['k7f2w-9qxma-3d8e'] })
  recoveryCodes!: string[];

  @ApiProperty(MASKED_ACCOUNT)
  account!: string | null;
}

const dayIn = ({ locale, timeZone }: PageContext['formatting']) =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone });

/** Asks whether to make new recovery codes, and shows them. */
@Injectable()
export class RecoveryCodesPage extends PageView<RecoveryCodesLeftResource | RecoveryCodesResource> {
  constructor(@Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions) {
    super();
  }

  success(resource: RecoveryCodesLeftResource | RecoveryCodesResource, context: PageContext): View {
    const { base, request, text, formatting } = context;
    if ('recoveryCodesLeft' in resource) {
      const { recoveryCodesLeft: left } = resource;
      return {
        name: 'two-factor/make-recovery-codes',
        context: { title: text('settings.recovery'), base, left },
      };
    }
    const { recoveryCodes, account } = resource;
    const site = `${this.options.issuer} (${request.host})`;
    const date = dayIn(formatting).format(new Date());
    const lines = [
      text('recoveryCodes.title'),
      site,
      ...(account ? [account] : []),
      date,
      '',
      ...recoveryCodes,
    ];
    return {
      name: 'two-factor/recovery-codes',
      address: `${base}/recovery-codes`,
      once: true,
      context: {
        title: text('recoveryCodes.title'),
        base,
        site,
        account,
        date,
        codes: recoveryCodes.map((code) => ({ code })),
        file: `data:text/plain;charset=utf-8,${encodeURIComponent(`${lines.join('\r\n')}\r\n`)}`,
      },
    };
  }

  failure(problem: Problem, context: PageContext): View {
    return settingsRefused(problem, context);
  }
}

/** Makes recovery codes. */
@ApiTags('Two-factor settings')
@ForEnrolment()
@SignedInRoutes()
@Controller('two-factor')
export class RecoveryCodesController {
  constructor(
    private readonly recoveryCodes: RecoveryCodes,
    private readonly settings: SettingsService,
  ) {}

  @Get('recovery-codes')
  @UseGuards(FreshForChangeGuard)
  @Page(RecoveryCodesPage)
  @ApiOperation({ summary: 'How many codes are left; as a page, asks before it makes new ones' })
  @ApiOkResponse({ type: RecoveryCodesLeftResource })
  @ApiProblems('sign-in-required', 'second-factor-required')
  async left(@SignedIn() { userId }: SignedInCaller): Promise<RecoveryCodesLeftResource> {
    return { recoveryCodesLeft: await this.recoveryCodes.left(userId) };
  }

  @Post('recovery-codes')
  @ChangesFactors()
  @Page(RecoveryCodesPage)
  @ApiOperation({ summary: 'Make ten new recovery codes, shown this once; earlier ones stop working' })
  @ApiOkResponse({ type: RecoveryCodesResource })
  @ApiProblems(...ON_A_CHANGE)
  async regenerate(
    @SignedIn() caller: SignedInCaller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RecoveryCodesResource> {
    const { codes, epoch } = await this.recoveryCodes.regenerate(caller);
    const { userId } = caller;
    const made = { userId, epoch, type: 'recovery-codes-made' as const };
    const { account } = await this.settings.changed(request, response, made);
    return { recoveryCodes: codes, account };
  }
}
