import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A browser that is not asked for a second factor at sign-in. */
@Entity('otp_trusted_browsers')
@Index('otp_trusted_browsers_user', ['userId'])
export class TrustedBrowser {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_trusted_browsers_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  /** SHA-256 of 32 random bytes that only the browser's cookie has. Each use replaces them. */
  @Column('bytea', { name: 'secret_hash' })
  secretHash!: Buffer;

  /** The user's epoch when the browser was trusted. */
  @Column('integer')
  epoch!: number;

  /** Shown to the user, such as "Firefox, Linux". */
  @Column('text')
  description!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'last_used_at', default: () => 'now()' })
  lastUsedAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
