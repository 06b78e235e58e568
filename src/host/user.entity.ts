import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

export type Role = 'user' | 'admin';

/** Somebody who can sign in. */
@Entity('host_users')
@Index('host_users_email', ['email'], { unique: true })
export class User {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'host_users_pkey' })
  id!: string;

  /** In lower case. */
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
