import { pipeline } from 'node:stream/promises';
import { Controller, Get, Logger, Query, Req, Res, UsePipes } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { inputPipe } from '../../http/index.js';
import { AdminDownloads, NeedsScope } from '../access/admin-route.js';
import { type Actor, CurrentActor } from '../access/administrator.js';
import { ApiAdminProblems } from '../admin.problems.js';
import { ExportQueryDto } from '../history/history.dto.js';
import { HistoryExport } from './history-export.service.js';

/** The history to take along. */
@ApiTags('Administration')
@AdminDownloads()
@UsePipes(inputPipe)
@Controller('admin')
export class ExportController {
  private readonly logger = new Logger(ExportController.name);

  constructor(private readonly history: HistoryExport) {}

  @Get('verifications.csv')
  @NeedsScope('history:export')
  @ApiOperation({
    summary: 'The history as CSV, newest first, under the same filters; the audit says who took it',
    description: 'An answer that ends early was broken off: its connection is closed before its end.',
  })
  @ApiProduces('text/csv')
  @ApiOkResponse({ content: { 'text/csv': { schema: { type: 'string' } } } })
  @ApiAdminProblems()
  async export(
    @CurrentActor() actor: Actor,
    @Query() query: ExportQueryDto,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    response
      .type('text/csv')
      .setHeader('Cache-Control', 'no-store')
      .setHeader('Content-Disposition', `attachment; filename="verifications-${day()}.csv"`);
    if (request.method === 'HEAD') return void response.end();
    let pieces: AsyncGenerator<string>;
    try {
      pieces = await this.history.begin(actor, query);
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
        this.logger.error({ kind: code ?? 'error' }, 'an export was broken off');
    }
  }
}

const day = () => new Date().toISOString().slice(0, 10);
