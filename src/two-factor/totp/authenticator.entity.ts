import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Encrypted } from '../../crypto/index.js';

/** A user's authenticator app. It is a factor once it has shown a code. */
@Entity('otp_authenticators')
@Index('otp_authenticators_user', ['userId'])
export class Authenticator {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_authenticators_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  @Encrypted('authenticators.secret')
  @Column('text')
  secret!: string;

  @Column('text')
  label!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'confirmed_at', nullable: true })
  confirmedAt!: Date | null;

  /** The sign-in (`sid`) that is setting it up. No other one sees it until it is confirmed. */
  @Column('text', { name: 'begun_in', nullable: true })
  begunIn!: string | null;

  /** The time step of the newest accepted code. Codes of this step and of earlier ones are rejected. */
  @Column('bigint', { name: 'last_step', default: 0 })
  lastStep!: string;

  /** The sign-in (`sid`) that the newest accepted code was typed in. */
  @Column('text', { name: 'last_used_in', nullable: true })
  lastUsedIn!: string | null;
}
