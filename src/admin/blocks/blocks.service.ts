import { Injectable, Optional } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { PersonalDataCipher } from '../../crypto/index.js';
import { DestinationLists } from '../../protection/index.js';
import { type BlockKind, VerificationService } from '../../verification/index.js';
import type { Actor } from '../access/administrator.js';
import { type AuditEntry, AuditLog } from '../audit/audit-log.service.js';
import { readBlockTarget } from './block-target.js';

export interface BlockRecord {
  id: string;
  kind: BlockKind;
  /** A masked number, six digits, a country's code, or an address range. */
  label: string;
  reason: string;
  author: Actor;
  createdAt: Date;
  expiresAt: Date | null;
}

export interface StopRecord {
  scope: 'prefix' | 'country';
  label: string;
  started: number;
  verified: number;
  stoppedAt: Date;
  until: Date;
}

/** Who and what gets no messages: an administrator blocked it, or too few verify there. */
@Injectable()
export class Blocks {
  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
    private readonly audit: AuditLog,
    private readonly verifications: VerificationService,
    @Optional() private readonly lists?: DestinationLists,
  ) {}

  /** In force, newest first. */
  list(): Promise<BlockRecord[]> {
    return rowsOf(
      this.dataSource,
      `SELECT ${BLOCK} FROM otp_block_entries
        WHERE lifted_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp()) ORDER BY id DESC LIMIT 500`,
    );
  }

  /** Destinations that were stopped automatically and still are. */
  stops(): Promise<StopRecord[]> {
    return rowsOf(
      this.dataSource,
      `SELECT ${STOP} FROM otp_destination_stops
        WHERE lifted_at IS NULL AND until > clock_timestamp() ORDER BY stopped_at DESC LIMIT 500`,
    );
  }

  /** @returns null when the value is none of its kind */
  async block(
    actor: Actor,
    { kind, value, hours, reason }: { kind: BlockKind; value: string; hours?: number; reason: string },
  ): Promise<BlockRecord | null> {
    const target = readBlockTarget(kind, value, (number) => this.verifications.readNumber(number));
    if (!target) return null;
    const id = uuidv7();
    const details = { kind, label: target.label, hours: hours ?? null };
    const entry = { actor, action: 'block.added', target: id, reason, details };
    return this.changing(entry, async (sql) => {
      const rows = await rowsIn<BlockRecord>(
        sql,
        `INSERT INTO otp_block_entries (id, kind, value, network, fingerprint, label, reason, author, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), clock_timestamp() + make_interval(hours => $9::int))
         RETURNING ${BLOCK}`,
        [
          id,
          kind,
          // A number is sealed, so that it can be fingerprinted again when keys are replaced.
          target.e164 ? this.cipher.seal(target.e164, 'block_entries.value', id) : (target.value ?? null),
          target.network ?? null,
          target.e164 ? this.cipher.fingerprint('phone', target.e164) : null,
          target.label,
          reason,
          actor,
          hours ?? null,
        ],
      );
      return rows[0]!;
    });
  }

  /** @returns null when there is no such block in force */
  unblock(actor: Actor, id: string, reason: string): Promise<BlockRecord | null> {
    return this.changing({ actor, action: 'block.lifted', target: id, reason }, async (sql) => {
      const rows = await rowsIn<BlockRecord>(
        sql,
        `UPDATE otp_block_entries SET lifted_at = clock_timestamp()
          WHERE id = $1 AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp()) RETURNING ${BLOCK}`,
        [id],
      );
      return rows[0] ?? null;
    });
  }

  /** Allows messages to a destination that was stopped automatically. @returns null if it was not */
  liftStop(
    actor: Actor,
    scope: StopRecord['scope'],
    label: string,
    reason: string,
  ): Promise<StopRecord | null> {
    const entry = { actor, action: 'stop.lifted', target: `${scope} ${label}`, reason };
    return this.changing(entry, async (sql) => {
      const rows = await rowsIn<StopRecord>(
        sql,
        `UPDATE otp_destination_stops SET lifted_at = clock_timestamp()
          WHERE scope = $1 AND label = $2 AND lifted_at IS NULL AND until > clock_timestamp() RETURNING ${STOP}`,
        [scope, label],
      );
      return rows[0] ?? null;
    });
  }

  /** Effective on this instance at once, and on the others within two seconds. */
  private async changing<Result>(
    entry: AuditEntry,
    change: (sql: EntityManager) => Promise<Result | null>,
  ): Promise<Result | null> {
    const result = await this.audit.with(entry, change);
    this.lists?.invalidate();
    return result;
  }
}

const BLOCK = `id, kind, label, reason, author, created_at AS "createdAt", expires_at AS "expiresAt"`;
const STOP = `scope, label, started, verified, stopped_at AS "stoppedAt", until`;
