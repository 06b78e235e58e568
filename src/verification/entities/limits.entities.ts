import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Encrypted } from '../../crypto/index.js';
import type { EvaluatedRule } from '../start/message-rules.js';

/** When a number, a user, a session or an address was last counted a message, for one limit of it. */
@Entity('otp_rate_counters')
export class RateCounter {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_rate_counters_pkey' })
  scope!: string;

  /** A fingerprint, cut to 15 bytes. */
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'otp_rate_counters_pkey' })
  key!: Buffer;

  /** Length of the window. */
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'otp_rate_counters_pkey' })
  seconds!: number;

  /** How many moments are kept: the limit when it was last counted, or more where the rule only records. */
  @Column('integer')
  kept!: number;

  /** Newest first. */
  @Column('timestamptz', { array: true, default: () => `'{}'` })
  moments!: Date[];
}

/** What a prefix, a country or everybody has taken on one day (UTC): messages, or money. */
@Entity('otp_daily_counters')
export class DailyCounter {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_daily_counters_pkey' })
  scope!: string;

  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'otp_daily_counters_pkey' })
  key!: Buffer;

  @PrimaryColumn('date', { primaryKeyConstraintName: 'otp_daily_counters_pkey' })
  day!: string;

  /** Allowances included that instances have taken and not used yet. */
  @Column('numeric', { precision: 14, scale: 4, default: 0 })
  taken!: string;
}

/** What an administrator can block. */
export const BLOCK_KINDS = ['number', 'prefix', 'country', 'address'] as const;
/** One of {@link BLOCK_KINDS}. */
export type BlockKind = (typeof BLOCK_KINDS)[number];

/** Somebody has forbidden messages to a number, a 6-digit prefix or a country, or asked for from an address range. */
@Entity('otp_block_entries')
@Index('otp_block_entries_value', ['kind', 'value'], { where: 'lifted_at IS NULL' })
@Index('otp_block_entries_fingerprint', ['fingerprint'], { where: 'lifted_at IS NULL' })
@Index('otp_block_entries_network', { synchronize: false }) // GiST with inet_ops: see the migration
@Check('otp_block_entries_kind', `kind IN (${BLOCK_KINDS.map((kind) => `'${kind}'`).join(', ')})`)
export class BlockEntry {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_block_entries_pkey' })
  id!: string;

  @Column('text')
  kind!: BlockKind;

  /** The six digits of a prefix, the code of a country, or an encrypted number. */
  @Encrypted('block_entries.value', { where: { kind: 'number' }, fingerprints: ['fingerprint'] })
  @Column('text', { nullable: true })
  value!: string | null;

  /** Of an address range. */
  @Column('inet', { nullable: true })
  network!: string | null;

  /** Of a number. */
  @Column('bytea', { nullable: true })
  fingerprint!: Buffer | null;

  /** For people: of a number it is masked. */
  @Column('text')
  label!: string;

  @Column('text')
  reason!: string;

  @Column('text')
  author!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { name: 'lifted_at', nullable: true })
  liftedAt!: Date | null;
}

/** A prefix or country that was stopped automatically, because too few of its starts were verified. */
@Entity('otp_destination_stops')
export class DestinationStop {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_destination_stops_pkey' })
  scope!: string;

  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'otp_destination_stops_pkey' })
  key!: Buffer;

  /** A country's code; a prefix, its six digits. */
  @Column('text')
  label!: string;

  @Column('integer')
  started!: number;

  @Column('integer')
  verified!: number;

  @Column('timestamptz', { name: 'stopped_at' })
  stoppedAt!: Date;

  @Column('timestamptz')
  until!: Date;

  @Column('timestamptz', { name: 'lifted_at', nullable: true })
  liftedAt!: Date | null;
}

/** What one message to a country has cost lately. */
@Entity('otp_message_prices')
export class MessagePrice {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_message_prices_pkey' })
  country!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_message_prices_pkey' })
  channel!: string;

  @Column('numeric', { precision: 12, scale: 4 })
  price!: string;

  @Column('text')
  currency!: string;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

/** Why a start, a further message or a check was refused, or would have been if the rule were enforced. */
@Entity('otp_decisions')
@Index('otp_decisions_request', ['requestId'], { where: 'request_id IS NOT NULL' })
@Index('otp_decisions_phone', ['phoneFingerprint', 'id'], { where: 'phone_fingerprint IS NOT NULL' })
@Index('otp_decisions_user', ['userFingerprint', 'id'], { where: 'user_fingerprint IS NOT NULL' })
@Index('otp_decisions_outcome', ['outcome', 'id'], { where: `action = 'start'` })
@Index('otp_decisions_rule', ['rule', 'id'], { where: 'rule IS NOT NULL' })
@Index('otp_decisions_address', ['addressFingerprint', 'id'], { where: 'address_fingerprint IS NOT NULL' })
export class Decision {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_decisions_pkey' })
  id!: string;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  action!: 'start' | 'resend' | 'check';

  @Column('text')
  outcome!: 'refused' | 'would-refuse';

  /** The one that decided. */
  @Column('text', { nullable: true })
  rule!: string | null;

  /** Null where no request came of it. */
  @Column('uuid', { name: 'request_id', nullable: true })
  requestId!: string | null;

  /** All that were looked at, in order; numbers, users and addresses as fingerprints. */
  @Column('json')
  rules!: EvaluatedRule[];

  /** Of a refused start, which has no request that would know them. */
  @Column('bytea', { name: 'phone_fingerprint', nullable: true })
  phoneFingerprint!: Buffer | null;

  @Column('text', { name: 'phone_country', nullable: true })
  phoneCountry!: string | null;

  @Column('text', { name: 'phone_last_digits', nullable: true })
  phoneLastDigits!: string | null;

  @Column('text', { nullable: true })
  purpose!: string | null;

  /** HMAC of the user's id: see `PersonalDataCipher.userFingerprints`. */
  @Column('bytea', { name: 'user_fingerprint', nullable: true })
  userFingerprint!: Buffer | null;

  /** HMAC of an IPv4 address or the /64 of an IPv6 one. */
  @Column('bytea', { name: 'address_fingerprint', nullable: true })
  addressFingerprint!: Buffer | null;
}
