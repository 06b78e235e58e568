import { Controller, Get, Injectable } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '../../openapi/decorators.js';
import { Page, type Redirect } from '../../http/index.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { AdminPage } from '../pages/admin.page.js';

const HISTORY = '/admin/verifications';

export class AdminHomeResource {
  @ApiProperty({ description: 'Where the administration begins.', example: HISTORY })
  next!: string;
}

/** Browsers go on to the history. */
@Injectable()
export class HomePage extends AdminPage<AdminHomeResource> {
  protected readonly path = HISTORY;

  success({ next }: AdminHomeResource): Redirect {
    return { redirectTo: next };
  }
}

/** The front door. */
@ApiTags('Administration')
@AdminRoutes()
@Controller('admin')
export class HomeController {
  @Get()
  @NeedsScope('history:read')
  @Page(HomePage)
  @ApiOperation({ summary: 'Where the administration begins' })
  @ApiOkResponse({ type: AdminHomeResource })
  @ApiAdminProblems()
  home(): AdminHomeResource {
    return { next: HISTORY };
  }
}
