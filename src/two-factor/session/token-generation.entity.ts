import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The newest bearer token of a sign-in. Those of earlier generations are worth nothing. Also that a sign-in has ended. */
@Entity('otp_token_generations')
@Index('otp_token_generations_user', ['userId'])
export class TokenGeneration {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_token_generations_pkey' })
  sid!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  @Column('integer')
  generation!: number;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
