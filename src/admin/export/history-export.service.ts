import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/administrator.js';
import { AuditLog } from '../audit/audit-log.service.js';
import type { ExportDto } from '../history/history.dto.js';
import { HistoryRepository } from '../history/history.repository.js';
import { History } from '../history/history.service.js';
import { csvHead, csvLines } from './history-csv.js';

/** Told by their names only: the audit is kept longer than what it names, and nothing in it may lead back to a number. */
const UNTOLD = ['number', 'address'];

/** The history as one file. */
@Injectable()
export class HistoryExport {
  constructor(
    private readonly history: History,
    private readonly requests: HistoryRepository,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Newest first, in pieces, each read when the one before has been taken: memory stays the same however many there are,
   * and who stops asking stops the work.
   * @throws Problem when a filter is wrong, and whatever keeps the entry out of the audit: before the first piece
   */
  async begin(actor: Actor, { why, ...query }: ExportDto): Promise<AsyncGenerator<string>> {
    const { filter, shown } = this.history.filterOf(query);
    const details = Object.fromEntries(
      Object.entries(shown).map(([name, value]) => [name, UNTOLD.includes(name) ? 'given' : value]),
    );
    await this.audit.append({ actor, action: 'history.exported', reason: why, details });
    return this.pieces(filter);
  }

  private async *pieces(filter: Parameters<HistoryRepository['all']>[0]): AsyncGenerator<string> {
    yield csvHead();
    for await (const rows of this.requests.all(filter)) yield csvLines(rows);
  }
}
