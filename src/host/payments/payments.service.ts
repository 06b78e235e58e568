import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { isUUID } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { type ConfirmedAct, StepUpGrants } from '../../two-factor/index.js';

/** The action that users confirm with a factor. */
export const PAYMENT = 'payment';

/** What is paid to whom, as it was entered and confirmed. */
export interface PaymentOrder {
  /** Euros and cents. */
  amount: string;
  recipient: string;
}

export interface Payment extends PaymentOrder {
  id: string;
  paidAt: Date;
}

/** Where a payment is shown. */
export const paymentPath = (id: string): string => `/account/payments/${id}`;

/** Pays what users have confirmed, and remembers it. */
@Injectable()
export class Payments implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly stepUps: StepUpGrants,
  ) {}

  onModuleInit(): void {
    this.stepUps.onConfirmed(PAYMENT, (act, transaction) => this.pay(act, transaction));
  }

  /** @returns null for another user's payment too */
  async find(userId: string, id: unknown): Promise<Payment | null> {
    if (typeof id !== 'string' || !isUUID(id)) return null;
    const [payment] = await rowsOf<Payment>(
      this.dataSource,
      `SELECT id, amount, recipient, paid_at AS "paidAt" FROM host_payments WHERE id = $1 AND user_id = $2`,
      [id, userId],
    );
    return payment ?? null;
  }

  private async pay({ id, userId, payload }: ConfirmedAct, transaction: EntityManager): Promise<string> {
    const { amount, recipient } = payload as PaymentOrder;
    await rowsIn(
      transaction,
      'INSERT INTO host_payments (id, user_id, amount, recipient) VALUES ($1, $2, $3, $4)',
      [id, userId, amount, recipient],
    );
    return paymentPath(id);
  }
}
