import type { NestExpressApplication } from '@nestjs/platform-express';
import pg from 'pg';
import { VerificationService } from '../../src/index.js';
import { VerificationProvider } from '../../src/verification/index.js';
import { createTestDatabase } from './database.js';
import { someKeys, startSenderHost } from './sender-host.js';
import { startTextGateway, TextGatewaySender } from './text-gateway.js';

export const keys = someKeys();
export const message = { brand: 'ACME', timeoutMs: 1000 };
export const caller = { sessionId: 'the session' };

/** Two instances of an application with a message sender, on one database and one gateway, and further ones. */
export async function sendersUnderTest() {
  const database = await createTestDatabase();
  const gateway = await startTextGateway();
  const sql = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
  const apps: NestExpressApplication[] = [];
  const startInstance = async (options = {}) => {
    const sender = new TextGatewaySender(gateway.url);
    const app = await startSenderHost(database.url, sender, { keys, message, ...options });
    apps.push(app);
    return { app, service: app.get(VerificationService), provider: app.get(VerificationProvider) };
  };
  const [first, second] = await Promise.all([startInstance(), startInstance()]);
  return {
    database,
    gateway,
    sql,
    startInstance,
    first,
    second,
    /** Lets time pass for every message and request there is. */
    advance: async (seconds: number) => {
      await sql.query(
        `UPDATE otp_code_messages SET created_at = created_at - make_interval(secs => $1),
         expires_at = expires_at - make_interval(secs => $1), lease_until = lease_until - make_interval(secs => $1)`,
        [seconds],
      );
      await sql.query(
        `UPDATE otp_verification_requests SET expires_at = expires_at - make_interval(secs => $1),
         send_lease_until = send_lease_until - make_interval(secs => $1),
         lease_until = lease_until - make_interval(secs => $1),
         resend_available_at = resend_available_at - make_interval(secs => $1)`,
        [seconds],
      );
    },
    close: async () => {
      await Promise.all(apps.map((app) => app.close()));
      await gateway.close();
      await sql.end();
      await database.drop();
    },
  };
}
export type SendersUnderTest = Awaited<ReturnType<typeof sendersUnderTest>>;
