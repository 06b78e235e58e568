import { Body, Controller, Get, HttpCode, Param, Post, Query, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../../openapi/decorators.js';
import { isUUID } from 'class-validator';
import { BODIES, FormTargets, InputPipe, notAPage, Page, Problem } from '../../http/index.js';
import { VERIFICATION_ERRORS } from '../../verification/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { DecisionQueryDto } from './decisions.dto.js';
import { HistoryQueryDto, SearchDto } from './history.dto.js';
import { DecisionsPage, HistoryListPage, RequestPage, SearchPage } from './history.pages.js';
import { DecisionsResource, HistoryResource, RequestResource } from './history.resource.js';
import { History } from './history.service.js';

/** What happened, and why. Numbers are masked throughout. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('history'))
@Controller()
export class HistoryController {
  constructor(
    private readonly history: History,
    private readonly paths: AdminPaths,
  ) {}

  @Get('verifications')
  @NeedsScope('history:read')
  @Page(HistoryListPage)
  @ApiOperation({ summary: 'Verification requests, newest first, fifty a page' })
  @ApiOkResponse({ type: HistoryResource })
  @ApiAdminProblems()
  list(@Query() query: HistoryQueryDto): Promise<HistoryResource> {
    return this.history.list(query);
  }

  @Post('verifications/search')
  @HttpCode(200)
  @Act('search', '/verifications')
  @NeedsScope('history:read')
  @Page(SearchPage)
  @ApiConsumes(...BODIES)
  @ApiOperation({ summary: 'The requests of a number; a browser is led to an address without it' })
  @ApiOkResponse({ type: HistoryResource })
  @ApiAdminProblems()
  search(@Body() { phoneNumber, country }: SearchDto): Promise<HistoryResource> {
    return this.history.ofNumber(phoneNumber, country);
  }

  @FormTargets('verifications/search')
  @NeedsScope('history:read')
  formTargets(): never {
    throw notAPage(this.paths.at('/verifications'));
  }

  @Get('verifications/:id')
  @NeedsScope('history:read')
  @Page(RequestPage)
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({
    summary: 'One request: everything that happened, in order, and why it was allowed or refused',
  })
  @ApiOkResponse({ type: RequestResource })
  @ApiAdminProblems('unknown-request')
  async find(@Param('id') id: string): Promise<RequestResource> {
    const request = isUUID(id) ? await this.history.request(id) : null;
    if (!request)
      throw new Problem('unknown-request', VERIFICATION_ERRORS['unknown-request'], {
        detailKey: 'admin.request.unknown',
      });
    return request;
  }

  @Get('decisions')
  @NeedsScope('history:read')
  @Page(DecisionsPage)
  @ApiOperation({ summary: 'Starts that were refused, which have no request, newest first' })
  @ApiOkResponse({ type: DecisionsResource })
  @ApiAdminProblems()
  decisions(@Query() query: DecisionQueryDto): Promise<DecisionsResource> {
    return this.history.decisions(query);
  }
}
