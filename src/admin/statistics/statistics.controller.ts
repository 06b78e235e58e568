import { Controller, Get, Query, UsePipes } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { InputPipe, Page } from '../../http/index.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { StatisticsQueryDto, StatisticsResource } from './statistics.dto.js';
import { StatisticsPage } from './statistics.page.js';
import { Statistics } from './statistics.service.js';

/** How it goes: counts and shares over time, countries and channels. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('statistics'))
@Controller('statistics')
export class StatisticsController {
  constructor(private readonly statistics: Statistics) {}

  @Get()
  @NeedsScope('statistics:read')
  @Page(StatisticsPage)
  @ApiOperation({ summary: 'Starts, messages, conversion, median time to verify and cost' })
  @ApiOkResponse({ type: StatisticsResource })
  @ApiAdminProblems()
  read(@Query() query: StatisticsQueryDto): Promise<StatisticsResource> {
    return this.statistics.of(query);
  }
}
