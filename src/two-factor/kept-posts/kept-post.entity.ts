import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A form that was posted with a factor that was too old. It is sent on, once, when a newer one was shown. */
@Entity('otp_kept_posts')
@Index('otp_kept_posts_user', ['userId'])
export class KeptPost {
  /** UUID version 7. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_kept_posts_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  /** The sign-in that posted it. */
  @Column('text')
  sid!: string;

  /** Where it was posted to, as browsers see it. */
  @Column('text')
  path!: string;

  /** JSON of {@link AboutPost}. Encrypted, because it may name people. */
  @Column('text')
  about!: string;

  /** JSON of the form. Encrypted; null once it was sent on. */
  @Column('text', { nullable: true })
  body!: string | null;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}

/** What its sender is told about a kept post. */
export interface AboutPost {
  /** What is confirmed, in one sentence. */
  summary: string;
  /** The page of the form. */
  page: string;
  /** False for a download, which leaves the browser on the page before. */
  isPage: boolean;
}
