import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/administrator.js';
import { AuditLog } from '../audit/audit-log.service.js';
import type { ExportDto } from '../history/history.dto.js';
import { HistoryRepository } from '../history/history.repository.js';
import { History } from '../history/history.service.js';
import { csvHead, csvLines } from './history-csv.js';

/** Filters whose value stays out of the audit: it is kept longer than the requests, and must not lead back to a number. */
const PERSONAL_FILTERS = ['number', 'address'];

/** Exports the history as CSV. */
@Injectable()
export class HistoryExport {
  constructor(
    private readonly history: History,
    private readonly requests: HistoryRepository,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Writes the audit entry, then yields the history newest first, in pieces. A piece is read when the one before was
   * taken, so memory stays flat, and the work stops when the client does.
   * @throws Problem when a filter is wrong
   */
  async export(actor: Actor, { why, ...query }: ExportDto): Promise<AsyncGenerator<string>> {
    const { filter, shown } = this.history.filterOf(query);
    const details = Object.fromEntries(
      Object.entries(shown)
        .filter((entry): entry is [string, string] => entry[1] !== undefined)
        .map(([name, value]) => [name, PERSONAL_FILTERS.includes(name) ? 'given' : value]),
    );
    await this.audit.append({ actor, action: 'history.exported', reason: why, details });
    return this.pieces(filter);
  }

  private async *pieces(filter: Parameters<HistoryRepository['all']>[0]): AsyncGenerator<string> {
    yield csvHead();
    for await (const rows of this.requests.all(filter)) yield csvLines(rows);
  }
}
