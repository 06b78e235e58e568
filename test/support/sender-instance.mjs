/**
 * An instance of a team's application that sends its codes with a gateway of its own, as a program, so that it can be
 * killed. Needs DATABASE_URL, GATEWAY_URL, ENCRYPTION_KEYS and FINGERPRINT_KEYS.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MessageSender, VerificationModule } from '../../dist/src/index.js';

const { DATABASE_URL, GATEWAY_URL, ENCRYPTION_KEYS, FINGERPRINT_KEYS } = process.env;

class Gateway extends MessageSender {
  async send({ to, text, idempotencyKey, signal }) {
    const body = JSON.stringify({ to, text, idempotencyKey });
    const answer = await fetch(GATEWAY_URL, { method: 'POST', body, signal });
    return answer.ok ? { outcome: 'sent' } : { outcome: 'not-sent', detail: `http ${answer.status}` };
  }
}

const application = class {};
Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'postgres', url: DATABASE_URL }),
    VerificationModule.forRoot({
      sender: new Gateway(),
      message: { brand: 'ACME', timeoutMs: 1000 },
      keys: { encryption: ENCRYPTION_KEYS, fingerprint: FINGERPRINT_KEYS },
      reconcileEverySeconds: null,
      sealJournalEverySeconds: null,
    }),
  ],
})(application);

const app = await NestFactory.create(application, { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`listening on ${await app.getUrl()}\n`);
