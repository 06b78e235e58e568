import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  type MessageSender,
  VerificationModule,
  type VerificationModuleOptions,
  verificationEntities,
} from '../../src/index.js';
import { nestApplication } from './nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

/** Key rings that no other test has. */
export const someKeys = () => ({ encryption: ring('e1'), fingerprint: ring('f1') });

/** An instance of a team's application that sends its codes with a gateway of its own. Nothing runs in the background. */
export async function startSenderHost(
  databaseUrl: string,
  sender: MessageSender,
  options: Omit<VerificationModuleOptions, 'sender'>,
): Promise<NestExpressApplication> {
  @Module({
    imports: [
      TypeOrmModule.forRoot({
        type: 'postgres',
        url: databaseUrl,
        entities: verificationEntities,
        retryAttempts: 1,
      }),
      VerificationModule.forRoot({
        sender,
        reconcileEverySeconds: null,
        sealJournalEverySeconds: null,
        protection: { requestsPerSecond: null, failuresBeforeBreak: null },
        throttle: { address: null, number: null, request: null },
        ...options,
      }),
    ],
  })
  class SenderHost {}
  const app = await nestApplication(SenderHost);
  await app.listen(0, '127.0.0.1');
  return app;
}
