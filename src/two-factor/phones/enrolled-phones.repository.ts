import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn, rowsOf } from '../../database/sql.js';

/** A row of `enrolled_phones`; see {@link EnrolledPhone}. */
export interface EnrolledPhoneRecord {
  id: string;
  userId: string;
  /** Sealed. */
  phoneNumber: string;
  phoneCountry: string;
  phoneLastDigits: string;
  label: string;
  isPrimary: boolean;
  createdAt: Date;
}

export interface NewPhone {
  id: string;
  userId: string;
  sealedPhoneNumber: string;
  phoneFingerprint: Buffer;
  isExclusive: boolean;
  phoneCountry: string;
  phoneLastDigits: string;
  label: string;
}

const COLUMNS = `id, user_id AS "userId", phone_number AS "phoneNumber", phone_country AS "phoneCountry",
  phone_last_digits AS "phoneLastDigits", label, is_primary AS "isPrimary", created_at AS "createdAt"`;

/** Reads by itself; writes within a change of the user's factors, which holds the user's lock. */
@Injectable()
export class EnrolledPhonesRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The primary one first. */
  ofUser(userId: string): Promise<EnrolledPhoneRecord[]> {
    return rowsOf(
      this.dataSource,
      `SELECT ${COLUMNS} FROM enrolled_phones WHERE user_id = $1 ORDER BY is_primary DESC, created_at, id`,
      [userId],
    );
  }

  async find(userId: string, id: string): Promise<EnrolledPhoneRecord | null> {
    const rows = await rowsOf<EnrolledPhoneRecord>(
      this.dataSource,
      `SELECT ${COLUMNS} FROM enrolled_phones WHERE id = $1 AND user_id = $2`,
      [id, userId],
    );
    return rows[0] ?? null;
  }

  async count(sql: EntityManager, userId: string): Promise<number> {
    const rows = await rowsIn<{ count: number }>(
      sql,
      'SELECT count(*)::int AS count FROM enrolled_phones WHERE user_id = $1',
      [userId],
    );
    return rows[0]!.count;
  }

  /**
   * @param fingerprints of the number under every key: a phone enrolled under an older one is the same phone
   * @returns null when the user has it already
   */
  async add(
    sql: EntityManager,
    phone: NewPhone,
    fingerprints: Buffer[],
  ): Promise<EnrolledPhoneRecord | null> {
    const rows = await rowsIn<EnrolledPhoneRecord>(
      sql,
      `INSERT INTO enrolled_phones (id, user_id, phone_number, phone_fingerprint, exclusive_fingerprint, phone_country,
                                    phone_last_digits, label, is_primary, created_at)
       SELECT $1, $2, $3, $4, CASE WHEN $5::boolean THEN $4::bytea END, $6, $7, $8,
              NOT EXISTS (SELECT 1 FROM enrolled_phones WHERE user_id = $2 AND is_primary), clock_timestamp()
        WHERE NOT EXISTS (SELECT 1 FROM enrolled_phones WHERE user_id = $2 AND phone_fingerprint = ANY($9::bytea[]))
       RETURNING ${COLUMNS}`,
      [
        phone.id,
        phone.userId,
        phone.sealedPhoneNumber,
        phone.phoneFingerprint,
        phone.isExclusive,
        phone.phoneCountry,
        phone.phoneLastDigits,
        phone.label,
        fingerprints,
      ],
    );
    return rows[0] ?? null;
  }

  /** Whether the user has this number, as a factor. */
  async isEnrolled(userId: string, fingerprints: Buffer[]): Promise<boolean> {
    const rows = await rowsOf(
      this.dataSource,
      'SELECT 1 FROM enrolled_phones WHERE user_id = $1 AND phone_fingerprint = ANY($2::bytea[])',
      [userId, fingerprints],
    );
    return rows.length > 0;
  }

  /** Whether another user has this number, as one that is theirs alone. */
  async isTaken(sql: EntityManager, userId: string, fingerprints: Buffer[]): Promise<boolean> {
    const rows = await rowsIn(
      sql,
      'SELECT 1 FROM enrolled_phones WHERE exclusive_fingerprint = ANY($1::bytea[]) AND user_id <> $2',
      [fingerprints, userId],
    );
    return rows.length > 0;
  }

  /** When it was the primary one, the oldest of the others is from now on. */
  async remove(sql: EntityManager, userId: string, id: string): Promise<EnrolledPhoneRecord | null> {
    const rows = await rowsIn<EnrolledPhoneRecord>(
      sql,
      `DELETE FROM enrolled_phones WHERE id = $1 AND user_id = $2 RETURNING ${COLUMNS}`,
      [id, userId],
    );
    if (rows[0]?.isPrimary) {
      await rowsIn(
        sql,
        `UPDATE enrolled_phones SET is_primary = true
          WHERE id = (SELECT id FROM enrolled_phones WHERE user_id = $1 ORDER BY created_at, id LIMIT 1)`,
        [userId],
      );
    }
    return rows[0] ?? null;
  }

  async makePrimary(sql: EntityManager, userId: string, id: string): Promise<EnrolledPhoneRecord | null> {
    const known = await rowsIn(sql, 'SELECT 1 FROM enrolled_phones WHERE id = $1 AND user_id = $2', [
      id,
      userId,
    ]);
    if (known.length === 0) return null;
    await rowsIn(sql, 'UPDATE enrolled_phones SET is_primary = false WHERE user_id = $1 AND is_primary', [
      userId,
    ]);
    const rows = await rowsIn<EnrolledPhoneRecord>(
      sql,
      `UPDATE enrolled_phones SET is_primary = true WHERE id = $1 AND user_id = $2 RETURNING ${COLUMNS}`,
      [id, userId],
    );
    return rows[0] ?? null;
  }

  async rename(
    sql: EntityManager,
    userId: string,
    id: string,
    label: string,
  ): Promise<EnrolledPhoneRecord | null> {
    const rows = await rowsIn<EnrolledPhoneRecord>(
      sql,
      `UPDATE enrolled_phones SET label = $3 WHERE id = $1 AND user_id = $2 RETURNING ${COLUMNS}`,
      [id, userId, label],
    );
    return rows[0] ?? null;
  }
}
