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

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
