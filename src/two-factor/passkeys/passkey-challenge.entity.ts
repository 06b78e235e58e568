import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What an authenticator is to sign, once: the row is gone when the signature comes back. */
@Entity('otp_passkey_challenges')
@Index('otp_passkey_challenges_user', ['userId'])
export class PasskeyChallenge {
  /** Random, in base64url. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_passkey_challenges_pkey' })
  challenge!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  /** The sign-in (`sid`) that asked for it. */
  @Column('text')
  sid!: string;

  /** A signature for one purpose is worth nothing for another. */
  @Column('text')
  purpose!: string;

  /** The user's epoch then. */
  @Column('integer')
  epoch!: number;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
