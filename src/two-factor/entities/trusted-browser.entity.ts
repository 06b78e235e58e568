import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A browser that is not asked for a second factor at sign-in. */
@Entity('trusted_browsers')
@Index('trusted_browsers_user', ['userId'])
export class TrustedBrowser {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'trusted_browsers_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  /** SHA-256 of 32 random bytes that only the browser's cookie has; another one after each use. */
  @Column('bytea', { name: 'secret_hash' })
  secretHash!: Buffer;

  /** Of the user's factors when it was trusted. */
  @Column('integer')
  epoch!: number;

  /** For people: "Firefox on Linux". */
  @Column('text')
  description!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'last_used_at' })
  lastUsedAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
