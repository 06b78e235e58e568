import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Fixes the content of one range of a journal's rows, and all seals before it. Append-only by privilege. */
@Entity('otp_journal_seals')
export class JournalSeal {
  /** `verification` or `audit`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_journal_seals_pkey' })
  journal!: string;

  /** 1, 2, 3… without gaps. */
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'otp_journal_seals_pkey' })
  number!: number;

  /** The range: rows of all transactions after the previous seal's last one, up to and including this one. */
  @Column('bigint', { name: 'last_xid' })
  lastXid!: string;

  @Column('integer', { name: 'row_count' })
  rowCount!: number;

  /** When the newest row of the range was written. */
  @Column('timestamptz', { name: 'newest_at' })
  newestAt!: Date;

  /** SHA-256 over the canonical rows. */
  @Column('bytea', { name: 'content_hash' })
  contentHash!: Buffer;

  /** SHA-256 over the previous seal's hash and the columns above. */
  @Column('bytea')
  hash!: Buffer;

  /** A short hash per row, which lets the verifier name the row that was changed. Empty once retired. */
  @Column('bytea')
  leaves!: Buffer;

  @Column('timestamptz', { name: 'sealed_at' })
  sealedAt!: Date;

  /** When retention deleted the rows of the range. */
  @Column('timestamptz', { name: 'retired_at', nullable: true })
  retiredAt!: Date | null;
}

/** How far one reader of a journal has come. Whoever locks the row is the only one to read on. */
@Entity('otp_journal_cursors')
export class JournalCursor {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_journal_cursors_pkey' })
  journal!: string;

  /** `seal`, `publish`, `deliver` (webhook) or `file`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_journal_cursors_pkey' })
  reader!: string;

  /** Everything of this transaction and of all before it is done. */
  @Column('bigint')
  xid!: string;
}
