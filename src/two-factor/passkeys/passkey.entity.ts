import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A passkey of a user: the public half. The private one never leaves the user's device or password manager. */
@Entity('otp_passkeys')
@Index('otp_passkeys_user', ['userId'])
@Index('otp_passkeys_credential', ['credentialId'], { unique: true })
export class Passkey {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_passkeys_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  /** The authenticator's name for it, in base64url. */
  @Column('text', { name: 'credential_id' })
  credentialId!: string;

  @Column('bytea', { name: 'public_key' })
  publicKey!: Buffer;

  /** Grows with each use, so that a copied authenticator is noticed. Always 0 for passkeys that are synchronised. */
  @Column('bigint')
  counter!: string;

  /** How browsers reach the authenticator: `internal`, `usb` and others. */
  @Column('text', { array: true })
  transports!: string[];

  @Column('text')
  label!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;
}
