import { Body, Controller, Get, HttpCode, Param, Post, Query, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { BODIES, FormTargets, InputPipe, notAPage, Page } from '../../http/index.js';
import {
  eventId,
  InjectVerificationOptions,
  type ResolvedVerificationOptions,
} from '../../verification/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { adminProblem, ApiAdminProblems } from '../admin.problems.js';
import { pageLinks } from '../pagination.js';
import { ReasonDto } from '../reason.dto.js';
import {
  DeadLettersQueryDto,
  DeadLettersResource,
  DiscardedResource,
  LETTER_ID,
  RetriedResource,
} from './dead-letters.dto.js';
import { DeadLettersPage } from './dead-letters.page.js';
import { DeadLetters } from './dead-letters.service.js';

/** Events that the webhook refused too often. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('interventions'))
@Controller('dead-letters')
export class DeadLettersController {
  constructor(
    private readonly letters: DeadLetters,
    private readonly paths: AdminPaths,
    @InjectVerificationOptions() private readonly verification: ResolvedVerificationOptions,
  ) {}

  @Get()
  @NeedsScope('events:write')
  @Page(DeadLettersPage)
  @ApiOperation({ summary: 'Events that the webhook refused too often, and how many wait' })
  @ApiOkResponse({ type: DeadLettersResource })
  @ApiAdminProblems()
  async list(@Query() query: DeadLettersQueryDto): Promise<DeadLettersResource> {
    const page = await this.letters.list(query);
    const { waiting } = await this.letters.backlog();
    return {
      isOn: this.verification.events.webhook !== null,
      waiting,
      items: page.items.map((letter) => ({
        ...letter,
        eventId: eventId(letter),
        queuedAt: letter.queuedAt.toISOString(),
        deadAt: letter.deadAt.toISOString(),
      })),
      ...pageLinks(this.paths.at('/dead-letters'), {}, page, ({ id }) => id),
    };
  }

  @FormTargets('retry', ':id/retry', ':id/discard')
  @NeedsScope('events:write')
  formTargets(): never {
    throw notAPage(this.paths.at('/dead-letters'));
  }

  @Post('retry')
  @HttpCode(200)
  @Act('retry-letters', '/dead-letters')
  @NeedsScope('events:write')
  @Page(DeadLettersPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Deliver all dead letters again' })
  @ApiOkResponse({ type: RetriedResource })
  @ApiAdminProblems()
  async retryAll(@CurrentActor() actor: Actor, @Body() { reason }: ReasonDto): Promise<RetriedResource> {
    const events = await this.letters.retry(actor, null, reason);
    return { retried: events?.length ?? 0 };
  }

  @Post(':id/retry')
  @HttpCode(200)
  @Act('retry-letter', '/dead-letters')
  @NeedsScope('events:write')
  @Page(DeadLettersPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Deliver a dead letter again, from the first try on' })
  @ApiOkResponse({ type: RetriedResource })
  @ApiAdminProblems('unknown-entry')
  async retry(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<RetriedResource> {
    const events = LETTER_ID.test(id) ? await this.letters.retry(actor, id, reason) : null;
    if (!events) throw adminProblem('unknown-entry');
    return { retried: events.length };
  }

  @Post(':id/discard')
  @HttpCode(200)
  @Act('discard-letter', '/dead-letters')
  @NeedsScope('events:write')
  @Page(DeadLettersPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Delete a dead letter' })
  @ApiOkResponse({ type: DiscardedResource })
  @ApiAdminProblems('unknown-entry')
  async discard(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<DiscardedResource> {
    const discarded = LETTER_ID.test(id) ? await this.letters.discard(actor, id, reason) : null;
    if (discarded === null) throw adminProblem('unknown-entry');
    return { discarded };
  }
}
