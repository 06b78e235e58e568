import { Body, Controller, Get, HttpCode, Param, Post, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../../openapi/decorators.js';
import { BODIES, FormTargets, InputPipe, notAPage, Page } from '../../http/index.js';
import { resourceOrProblem, VerificationResource } from '../../verification/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { adminProblem, ApiAdminProblems } from '../admin.problems.js';
import { ReasonDto } from '../reason.dto.js';
import { LockResource, PersonDto, ResetResource, RevealedResource, UserDto } from './interventions.dto.js';
import { CancelledPage, PersonsPage, RevealedPage } from './interventions.pages.js';
import { Interventions } from './interventions.service.js';

/** What administrators do about one request or one person. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('interventions'))
@Controller()
export class InterventionsController {
  constructor(
    private readonly interventions: Interventions,
    private readonly paths: AdminPaths,
  ) {}

  @Get('persons')
  @NeedsScope('locks:lift')
  @Page(PersonsPage)
  @ApiOperation({ summary: 'The forms for locks, second factors and erasure' })
  @ApiOkResponse({ schema: { type: 'object' } })
  @ApiAdminProblems()
  persons(): Record<string, never> {
    return {};
  }

  @FormTargets('locks/lift', 'users/reset-factors')
  @NeedsScope('locks:lift')
  formTargets(): never {
    throw notAPage(this.paths.at('/persons'));
  }

  @FormTargets('verifications/:id/cancel', 'verifications/:id/reveal')
  @NeedsScope('requests:cancel')
  formTargetsOfRequest(@Param('id') id: string): never {
    throw notAPage(this.paths.at(`/verifications/${encodeURIComponent(id)}`));
  }

  @Post('verifications/:id/cancel')
  @HttpCode(200)
  @Act('cancel', '/verifications/:id')
  @NeedsScope('requests:cancel')
  @Page(CancelledPage)
  @ApiConsumes(...BODIES)
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ summary: 'End a live request: its code is rejected from then on' })
  @ApiOkResponse({ type: VerificationResource })
  @ApiAdminProblems(
    'unknown-request',
    'already-verified',
    'cancelled',
    'expired',
    'attempts-exhausted',
    'not-ready',
    'check-in-progress',
  )
  async cancel(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<VerificationResource> {
    return resourceOrProblem(await this.interventions.cancel(actor, id, reason));
  }

  @Post('verifications/:id/reveal')
  @HttpCode(200)
  @Act('reveal', '/verifications/:id')
  @NeedsScope('numbers:reveal')
  @Page(RevealedPage)
  @ApiConsumes(...BODIES)
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ summary: 'The whole number of a request, this once; the audit says who saw it' })
  @ApiOkResponse({ type: RevealedResource })
  @ApiAdminProblems('unknown-entry')
  async reveal(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<RevealedResource> {
    const phoneNumber = await this.interventions.reveal(actor, id, reason);
    if (phoneNumber === null) throw adminProblem('unknown-entry');
    return { requestId: id, phoneNumber };
  }

  @Post('locks/lift')
  @HttpCode(200)
  @Act('unlock', '/persons')
  @NeedsScope('locks:lift')
  @Page(PersonsPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Forget the wrong codes of a number or a user, and with them waits and locks' })
  @ApiOkResponse({ type: LockResource })
  @ApiAdminProblems('invalid-phone-number')
  async lift(@CurrentActor() actor: Actor, @Body() body: PersonDto): Promise<LockResource> {
    const { phoneNumber, country, userId, reason } = body;
    const targets = [
      ...(phoneNumber ? [{ phoneNumber, ...(country ? { country } : {}) }] : []),
      ...(userId ? [{ userId }] : []),
    ];
    let lifted = false;
    for (const target of targets)
      lifted = (await this.interventions.liftLock(actor, target, reason)) || lifted;
    return { lifted };
  }

  @Post('users/reset-factors')
  @HttpCode(200)
  @Act('reset-factors', '/persons')
  @NeedsScope('factors:reset')
  @Page(PersonsPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Take all second factors from a user; sessions end, and the user is told' })
  @ApiOkResponse({ type: ResetResource })
  @ApiAdminProblems()
  async reset(@CurrentActor() actor: Actor, @Body() { userId, reason }: UserDto): Promise<ResetResource> {
    return { removed: await this.interventions.resetFactors(actor, userId, reason) };
  }
}
