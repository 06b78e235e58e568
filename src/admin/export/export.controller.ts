import { pipeline } from 'node:stream/promises';
import { Body, Controller, HttpCode, Logger, Post, Res, UseFilters, UsePipes } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '../../openapi/decorators.js';
import type { Response } from 'express';
import { describeError } from '../../diagnostics/index.js';
import { BODIES, FormTargets, InputPipe, notAPage } from '../../http/index.js';
import { Act } from '../access/act.js';
import { AdminPaths } from '../access/admin-paths.js';
import { AdminRoutes, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { ExportDto } from '../history/history.dto.js';
import { HistoryExport } from './history-export.service.js';
import { RefusedExportFilter } from './refused-export.filter.js';

/** The history to take along. */
@ApiTags('Administration')
@AdminRoutes()
@UsePipes(new InputPipe('history'))
@Controller()
export class ExportController {
  private readonly logger = new Logger(ExportController.name);

  constructor(
    private readonly history: HistoryExport,
    private readonly paths: AdminPaths,
  ) {}

  @FormTargets('verifications.csv')
  @NeedsScope('history:export')
  formTargets(): never {
    throw notAPage(this.paths.at('/verifications'));
  }

  /** A POST, although it reads: it writes the reason into the audit, and a link from elsewhere must not do that. */
  @Post('verifications.csv')
  @HttpCode(200)
  @UseFilters(RefusedExportFilter)
  @Act('export', '/verifications')
  @NeedsScope('history:export')
  @ApiConsumes(...BODIES)
  @ApiOperation({
    summary: 'The history as CSV, newest first, under the same filters; the audit says who took it',
    description: 'An answer that ends early was broken off: its connection is closed before its end.',
  })
  @ApiProduces('text/csv')
  @ApiOkResponse({ content: { 'text/csv': { schema: { type: 'string' } } } })
  @ApiAdminProblems()
  async export(
    @CurrentActor() actor: Actor,
    @Body() body: ExportDto,
    @Res() response: Response,
  ): Promise<void> {
    response
      .type('text/csv')
      .setHeader('Cache-Control', 'no-store')
      .setHeader('Content-Disposition', `attachment; filename="verifications-${day()}.csv"`);
    let pieces: AsyncGenerator<string>;
    try {
      pieces = await this.history.export(actor, body);
    } catch (error) {
      response.removeHeader('Content-Disposition');
      throw error;
    }
    try {
      await pipeline(pieces, response);
    } catch (error) {
      // `pipeline` has closed the connection: the one thing that a client notices once the file has begun.
      const { code } = error as { code?: string };
      if (code !== 'ERR_STREAM_PREMATURE_CLOSE')
        this.logger.error(describeError(error), 'an export was broken off');
    }
  }
}

const day = () => new Date().toISOString().slice(0, 10);
