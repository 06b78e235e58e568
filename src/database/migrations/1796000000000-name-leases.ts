import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ADMIT_START } from './1795000000007-admit-messages.js';

/** The names of docs/lifecycle.md for leases, slots and codes that are not settled. */
export class NameLeases1796000000000 implements MigrationInterface {
  readonly name = 'NameLeases1796000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [from, to] of COLUMNS)
      await queryRunner.query(`ALTER TABLE verification_requests RENAME COLUMN ${from} TO ${to}`);
    for (const [from, to] of TABLES) {
      await queryRunner.query(`ALTER TABLE ${from} RENAME TO ${to}`);
      await queryRunner.query(`ALTER TABLE ${to} RENAME CONSTRAINT ${from}_pkey TO ${to}_pkey`);
      await queryRunner.query(`ALTER INDEX ${from}_locked RENAME TO ${to}_locked`);
    }
    await queryRunner.query(
      ADMIT_START.replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION')
        .replace('weigh_rules(rules, true)', 'weigh_rules(rules, true, true)')
        .replaceAll('phone_guards', 'number_slots')
        .replaceAll('user_guards', 'user_wrong_codes'),
    );
  }

  async down(): Promise<void> {
    throw new Error('not revertible');
  }
}

const COLUMNS = [
  ['send_until', 'send_lease_until'],
  ['check_token', 'lease_token'],
  ['check_until', 'lease_until'],
  ['uncounted', 'unsettled_codes'],
];
const TABLES = [
  ['phone_guards', 'number_slots'],
  ['user_guards', 'user_wrong_codes'],
];
