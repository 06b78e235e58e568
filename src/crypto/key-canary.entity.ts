import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A known text under one key, by which an instance sees whether its keys are the right ones. */
@Entity('otp_key_canaries')
export class KeyCanaryRow {
  /** `encryption` or `fingerprint`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_key_canaries_pkey' })
  kind!: string;

  @PrimaryColumn('text', { name: 'key_id', primaryKeyConstraintName: 'otp_key_canaries_pkey' })
  keyId!: string;

  /** The text, encrypted; or its fingerprint. */
  @Column('text')
  value!: string;
}
