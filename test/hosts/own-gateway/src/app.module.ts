import { join } from 'node:path';
import { type DynamicModule, Module } from '@nestjs/common';
import { VerificationModule } from 'nest-sms-otp';
import type { Pool } from 'pg';
import { Gateway } from './gateway.js';

const RESOURCES = join(process.cwd(), 'resources');

export interface AppOptions {
  /** The application's own: it uses no TypeORM. */
  pool: Pool;
  gateway: Gateway;
  keys: { encryption: string; fingerprint: string };
}

@Module({})
export class AppModule {
  static forRoot({ pool, gateway, keys }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        VerificationModule.forRoot({
          sender: gateway,
          message: { brand: 'ACME' },
          keys,
          database: { pool, schema: 'auth', tablePrefix: 'sms_', migrationsRun: true },
          path: 'telefon',
          pages: {
            viewDirectories: [join(RESOURCES, 'views')],
            messageDirectories: [join(RESOURCES, 'messages')],
          },
        }),
      ],
    };
  }
}
