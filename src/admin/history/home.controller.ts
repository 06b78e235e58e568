import { Controller, Get, Injectable } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '../../openapi/decorators.js';
import { Landmark, Page, type Redirect } from '../../http/index.js';
import { ADMIN, AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { AdminPage } from '../pages/admin.page.js';

const HISTORY = '/verifications';

export class AdminHomeResource {
  @ApiProperty({ description: 'Where the administration begins.', example: '/admin/verifications' })
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
@Controller()
export class HomeController {
  constructor(private readonly paths: AdminPaths) {}

  @Get()
  @Landmark(ADMIN)
  @NeedsScope('history:read')
  @Page(HomePage)
  @ApiOperation({ summary: 'Where the administration begins' })
  @ApiOkResponse({ type: AdminHomeResource })
  @ApiAdminProblems()
  home(): AdminHomeResource {
    return { next: this.paths.at(HISTORY) };
  }
}
