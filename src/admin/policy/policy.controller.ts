import { Body, Controller, Get, HttpCode, Post, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { BODIES, FormTargets, InputPipe, notAPage, Page } from '../../http/index.js';
import { VerificationService } from '../../verification/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { SimulateDto, SimulationResource, evaluatedResource } from './policy.dto.js';
import { PolicyPage } from './policy.page.js';

/** What the rules say now. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('policy'))
@Controller('policy')
export class PolicyController {
  constructor(
    private readonly verifications: VerificationService,
    private readonly paths: AdminPaths,
  ) {}

  @Get()
  @NeedsScope('policy:simulate')
  @Page(PolicyPage)
  @ApiOperation({ summary: 'The form of a simulation' })
  @ApiOkResponse({ schema: { type: 'object' } })
  @ApiAdminProblems()
  form(): Record<string, never> {
    return {};
  }

  @FormTargets('simulate')
  @NeedsScope('policy:simulate')
  formTargets(): never {
    throw notAPage(this.paths.at('/policy'));
  }

  @Post('simulate')
  @HttpCode(200)
  @Act('simulate', '/policy')
  @NeedsScope('policy:simulate')
  @Page(PolicyPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({
    summary: 'What would become of a start now; takes nothing, sends nothing, records nothing',
  })
  @ApiOkResponse({ type: SimulationResource })
  @ApiAdminProblems()
  async simulate(@Body() body: SimulateDto): Promise<SimulationResource> {
    const { userId, sessionId, address, ...start } = body;
    const { rules, ...simulated } = await this.verifications.simulateStart({
      ...start,
      caller: { userId: userId ?? null, sessionId: sessionId ?? null, address: address ?? null },
    });
    return { ...simulated, rules: rules.map(evaluatedResource) };
  }
}
