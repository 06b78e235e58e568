import { Controller, Get, HttpCode, Post, Query, UsePipes } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../../openapi/decorators.js';
import { FormTargets, InputPipe, notAPage, Page } from '../../http/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { UserNames } from '../access/user-names.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { pageLinks } from '../pagination.js';
import { AuditListResource, AuditQueryDto, AuditReportResource } from './audit.dto.js';
import { AuditPage } from './audit.page.js';
import { AuditRepository } from './audit.repository.js';
import { AuditVerifier } from './audit-verifier.service.js';

/** Targets that are users are written `user <id>`, actors `user:<id>`. */
const userIn = (target: string | null): string => target?.replace(/^user /, 'user:') ?? '';

/** Who did what, when, why; and whether the record was tampered with. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('audit'))
@Controller('audit')
export class AuditController {
  constructor(
    private readonly audit: AuditRepository,
    private readonly verifier: AuditVerifier,
    private readonly paths: AdminPaths,
    private readonly names: UserNames,
  ) {}

  @Get()
  @NeedsScope('audit:read')
  @Page(AuditPage)
  @ApiOperation({ summary: 'The audit, newest first' })
  @ApiOkResponse({ type: AuditListResource })
  @ApiAdminProblems()
  async list(@Query() query: AuditQueryDto): Promise<AuditListResource> {
    const { actor, action, target, from, to } = query;
    const filters = { actor, action, target, from: from?.toISOString(), to: to?.toISOString() };
    const page = await this.audit.list(query);
    const nameOf = await this.names.ofActors(
      page.items.flatMap(({ actor, target }) => [actor, userIn(target)]),
    );
    return {
      items: page.items.map(({ at, ...entry }) => ({
        ...entry,
        actorName: nameOf(entry.actor),
        targetName: nameOf(userIn(entry.target)),
        at: at.toISOString(),
      })),
      ...pageLinks(this.paths.at('/audit'), filters, page, ({ number }) => String(number)),
    };
  }

  @FormTargets('verify')
  @NeedsScope('audit:read')
  formTargets(): never {
    throw notAPage(this.paths.at('/audit'));
  }

  @Post('verify')
  @HttpCode(200)
  @Act('verify-audit', '/audit')
  @NeedsScope('audit:read')
  @Page(AuditPage)
  @ApiOperation({
    summary: 'Compare the entries with their seals: names every entry that is not as it was written',
  })
  @ApiOkResponse({ type: AuditReportResource })
  @ApiAdminProblems()
  verify(): Promise<AuditReportResource> {
    return this.verifier.verify();
  }
}
