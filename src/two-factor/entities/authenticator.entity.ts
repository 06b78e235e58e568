import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Encrypted } from '../../crypto/index.js';

/** An authenticator app of a user; counts once it has shown a code. */
@Entity('authenticators')
@Index('authenticators_user', ['userId'])
export class Authenticator {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'authenticators_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  @Encrypted('authenticators.secret')
  @Column('text')
  secret!: string;

  @Column('text')
  label!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'confirmed_at', nullable: true })
  confirmedAt!: Date | null;

  /** The sign-in (`sid`) that set it up: until it is confirmed, no other one sees it. */
  @Column('text', { name: 'begun_in', nullable: true })
  begunIn!: string | null;

  /** Of the newest code that was right: no code of it or of one before is right again. */
  @Column('bigint', { name: 'last_step', default: 0 })
  lastStep!: string;
}
