import { Controller, Get, HttpCode, Post, Query, UsePipes } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InputPipe, Page } from '../../http/index.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { AuditListResource, AuditQueryDto, AuditReportResource } from './audit.dto.js';
import { AuditPage } from './audit.page.js';
import { AuditRepository } from './audit.repository.js';
import { AuditVerifier } from './audit-verifier.service.js';

/** Who did what, when, why; and whether the record was tampered with. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('audit'))
@Controller('admin/audit')
export class AuditController {
  constructor(
    private readonly audit: AuditRepository,
    private readonly verifier: AuditVerifier,
  ) {}

  @Get()
  @NeedsScope('audit:read')
  @Page(AuditPage)
  @ApiOperation({ summary: 'The audit, newest first' })
  @ApiOkResponse({ type: AuditListResource })
  @ApiAdminProblems()
  async list(@Query() query: AuditQueryDto): Promise<AuditListResource> {
    const { items, hasOlder, hasNewer } = await this.audit.list(query);
    const { actor, action, target, from, to } = query;
    const pathOf = (cursor: Record<string, number>) => {
      const filters = { actor, action, target, from: from?.toISOString(), to: to?.toISOString(), ...cursor };
      const given = Object.entries(filters).filter(([, value]) => value !== undefined);
      return `/admin/audit?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
    };
    const [first, last] = [items[0], items.at(-1)];
    return {
      items: items.map(({ at, ...entry }) => ({ ...entry, at: at.toISOString() })),
      next: last && hasOlder ? pathOf({ after: last.number }) : null,
      previous: first && hasNewer ? pathOf({ before: first.number }) : null,
    };
  }

  @Post('verify')
  @HttpCode(200)
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
