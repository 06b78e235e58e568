import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What a user is allowed to do. */
export type Role = 'user' | 'admin';

/** A user who can sign in. */
@Entity('host_users')
@Index('host_users_email', ['email'], { unique: true })
export class User {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'host_users_pkey' })
  id!: string;

  /** Normalised, in lower case. */
  @Column('text')
  email!: string;

  /** argon2id. */
  @Column('text', { name: 'password_hash' })
  passwordHash!: string;

  @Column('text', { default: 'user' })
  role!: Role;

  /** The language of the pages at the last sign-in, BCP 47: e-mails that nobody asked for are in it. */
  @Column('text', { nullable: true })
  locale!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
