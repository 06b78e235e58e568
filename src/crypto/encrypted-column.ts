import type { FindOptionsWhere, ObjectLiteral } from 'typeorm';
import type { StatementRunner } from '../database/statement.js';
import type { SealedColumn } from './personal-data-cipher.js';

interface EncryptedOptions {
  /** Properties of the same row that hold a fingerprint of the value, or null. */
  fingerprints?: readonly string[];
  /** Which rows hold an encrypted value, if not all of them do. */
  where?: FindOptionsWhere<ObjectLiteral>;
  /** Replaces a fingerprint everywhere at once, where other tables refer to it. Defaults to changing the row alone. */
  moveFingerprint?: (statements: StatementRunner, newest: Buffer, older: Buffer) => Promise<void>;
}

/** A column with encrypted values, as {@link KeyRotator} walks it. */
export interface EncryptedColumn extends EncryptedOptions {
  entity: Function;
  property: string;
  column: SealedColumn;
}

/** Every property that is decorated with {@link Encrypted}. */
export const ENCRYPTED_COLUMNS: EncryptedColumn[] = [];

/**
 * On a property of an entity: holds values of {@link PersonalDataCipher.seal}. The key rotation rewrites them.
 * @param column the table and column that the values are bound to
 */
export const Encrypted =
  (column: SealedColumn, options: EncryptedOptions = {}): PropertyDecorator =>
  (prototype, property) => {
    ENCRYPTED_COLUMNS.push({
      entity: prototype.constructor,
      property: property as string,
      column,
      ...options,
    });
  };
