import { Body, Controller, Get, HttpCode, Param, Post, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { isUUID } from 'class-validator';
import { BODIES, FormTargets, InputPipe, notAPage, Page, Problem } from '../../http/index.js';
import { VerificationService } from '../../verification/index.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { adminProblem, ApiAdminProblems } from '../admin.problems.js';
import { ReasonDto } from '../reason.dto.js';
import { BlockDto, BlockResource, BlocksResource, LiftStopDto, StopResource } from './blocks.dto.js';
import { BlockLiftedPage, BlocksPage } from './blocks.page.js';
import { type BlockRecord, Blocks, type StopRecord } from './blocks.service.js';

const blockResource = ({ createdAt, expiresAt, ...block }: BlockRecord): BlockResource => ({
  ...block,
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
  ) {}

  @Get('blocks')
  @NeedsScope('blocks:write')
  @Page(BlocksPage)
  @ApiOperation({ summary: 'What is blocked now, and what has stopped by itself' })
  @ApiOkResponse({ type: BlocksResource })
  @ApiAdminProblems()
  async list(): Promise<BlocksResource> {
    return {
      blocks: (await this.blocks.list()).map(blockResource),
      stops: (await this.blocks.stops()).map(stopResource),
    };
  }

  @Post('blocks')
  @HttpCode(200)
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
    return blockResource(block);
  }

  @FormTargets('blocks/:id/lift', 'stops/lift')
  @NeedsScope('blocks:write')
  formTargets(): never {
    throw notAPage(this.paths.at('/blocks'));
  }

  @Post('blocks/:id/lift')
  @HttpCode(200)
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
    return blockResource(lifted);
  }

  @Post('stops/lift')
  @HttpCode(200)
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
}
