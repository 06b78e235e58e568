import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { TWO_FACTOR_EVENTS, type TwoFactorEvent } from '../../two-factor/index.js';

/** What the account page tells of. Each has a message `host.activity.<type>`. */
export const ACTIVITY_TYPES = [
  'signed-in',
  'signed-out-everywhere',
  'password-changed',
  'phone-added',
  'phone-removed',
  'phone-replaced',
  'authenticator-added',
  'authenticator-removed',
  'passkey-added',
  'passkey-removed',
  'recovery-codes-made',
  'recovery-code-used',
  'browser-trusted',
  'trusted-browser-reused',
  'factor-locked',
  'factors-reset',
] as const;
export type ActivityType = (typeof ACTIVITY_TYPES)[number];

export interface Activity {
  type: ActivityType;
  /** As its user may see it: a masked number, a browser and its network. May be empty. */
  detail: string;
  at: Date;
}

const ADD = 'INSERT INTO host_activity (id, user_id, type, detail, at) VALUES ($1, $2, $3, $4, $5)';
/** How many the account page shows. */
const LISTED = 10;
/** How long they are kept. */
export const ACTIVITY_DAYS = 90;

const isListed = (type: string): type is ActivityType => (ACTIVITY_TYPES as readonly string[]).includes(type);

/** Remembers what happened to accounts, so that their owners can tell whether it was them. */
@Injectable()
export class ActivityLog {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Adds what happens in a transaction. */
  async addIn(sql: EntityManager, userId: string, type: ActivityType): Promise<void> {
    await rowsIn(sql, ADD, [uuidv7(), userId, type, '', new Date()]);
  }

  /** The newest first. */
  recent(userId: string): Promise<Activity[]> {
    return rowsOf<Activity>(
      this.dataSource,
      'SELECT type, detail, at FROM host_activity WHERE user_id = $1 ORDER BY at DESC, id DESC LIMIT $2',
      [userId, LISTED],
    );
  }

  /** A sign-in is added with its browser, by the host itself. The name of a locked factor is none for users. */
  @OnEvent(TWO_FACTOR_EVENTS.any)
  async onEvent({ userId, type, detail, at }: TwoFactorEvent): Promise<void> {
    if (!isListed(type) || type === 'signed-in') return;
    const isForUsers = type !== 'factor-locked' && type !== 'recovery-code-used';
    await rowsOf(this.dataSource, ADD, [uuidv7(), userId, type, (isForUsers && detail) || '', at]);
  }
}
