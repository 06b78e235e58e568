import { Body, Controller, Get, HttpCode, Param, Post, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { isUUID } from 'class-validator';
import { BODIES, FormTargets, InputPipe, notAPage, Page, Problem } from '../../http/index.js';
import { VerificationService } from '../../verification/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { UserNames } from '../access/user-names.js';
import { adminProblem, ApiAdminProblems } from '../admin.problems.js';
import { ReasonDto } from '../reason.dto.js';
import { BlockDto, BlockResource, BlocksResource, LiftStopDto, StopResource } from './blocks.dto.js';
import { BlockLiftedPage, BlocksPage } from './blocks.page.js';
import { type BlockRecord, Blocks, type StopRecord } from './blocks.service.js';

const blockResource = (
  { createdAt, expiresAt, ...block }: BlockRecord,
  authorName: string | null,
): BlockResource => ({
  ...block,
  authorName,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
});
const stopResource = ({ stoppedAt, until, ...stop }: StopRecord): StopResource => ({
  ...stop,
  stoppedAt: stoppedAt.toISOString(),
  until: until.toISOString(),
});

/** The block list, and the destinations that were stopped automatically. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('blocks'))
@Controller()
export class BlocksController {
  constructor(
    private readonly blocks: Blocks,
    private readonly verifications: VerificationService,
    private readonly paths: AdminPaths,
    private readonly names: UserNames,
  ) {}

  @Get('blocks')
  @NeedsScope('blocks:write')
  @Page(BlocksPage)
  @ApiOperation({ summary: 'What is blocked now, and what has stopped by itself' })
  @ApiOkResponse({ type: BlocksResource })
  @ApiAdminProblems()
  async list(): Promise<BlocksResource> {
    const blocks = await this.blocks.list();
    const nameOf = await this.names.ofActors(blocks.map(({ author }) => author));
    return {
      blocks: blocks.map((block) => blockResource(block, nameOf(block.author))),
      stops: (await this.blocks.stops()).map(stopResource),
    };
  }

  @Post('blocks')
  @HttpCode(200)
  @Act('block', '/blocks')
  @NeedsScope('blocks:write')
  @Page(BlocksPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Block a number, a 6-digit prefix, a country or an address range' })
  @ApiOkResponse({ type: BlockResource })
  @ApiAdminProblems()
  async block(@CurrentActor() actor: Actor, @Body() body: BlockDto): Promise<BlockResource> {
    const block = await this.blocks.block(actor, body);
    if (!block) {
      const defect = body.kind === 'number' ? this.verifications.readNumber(body.value).defect : undefined;
      throw Problem.invalidInput('blocks', [{ field: 'value', code: defect ?? `no-${body.kind}` }]);
    }
    return blockResource(block, await this.nameOf(block.author));
  }

  @FormTargets('blocks/:id/lift', 'stops/lift')
  @NeedsScope('blocks:write')
  formTargets(): never {
    throw notAPage(this.paths.at('/blocks'));
  }

  @Post('blocks/:id/lift')
  @HttpCode(200)
  @Act('lift-block', '/blocks')
  @NeedsScope('blocks:write')
  @Page(BlockLiftedPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Lift a block' })
  @ApiOkResponse({ type: BlockResource })
  @ApiAdminProblems('unknown-entry')
  async lift(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<BlockResource> {
    const lifted = isUUID(id) ? await this.blocks.unblock(actor, id, reason) : null;
    if (!lifted) throw adminProblem('unknown-entry');
    return blockResource(lifted, await this.nameOf(lifted.author));
  }

  @Post('stops/lift')
  @HttpCode(200)
  @Act('lift-stop', '/blocks')
  @NeedsScope('blocks:write')
  @Page(BlockLiftedPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'Let messages go again to a destination that stopped by itself' })
  @ApiOkResponse({ type: StopResource })
  @ApiAdminProblems('unknown-entry')
  async liftStop(@CurrentActor() actor: Actor, @Body() body: LiftStopDto): Promise<StopResource> {
    const lifted = await this.blocks.liftStop(actor, body.scope, body.label, body.reason);
    if (!lifted) throw adminProblem('unknown-entry');
    return stopResource(lifted);
  }

  private async nameOf(author: Actor): Promise<string | null> {
    return (await this.names.ofActors([author]))(author);
  }
}
