import { type DynamicModule, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  ExpressSessions,
  TwoFactorModule,
  VerificationModule,
  type VerificationModuleOptions,
} from 'nest-sms-otp';
import { AccountController } from './account.controller.js';
import { AuthController } from './auth.controller.js';
import { LocalStrategy } from './local.strategy.js';
import { UsersService } from './users.service.js';
import { VerificationListener } from './verification.listener.js';

export interface AppOptions {
  databaseUrl: string;
  sessionSecret: string;
  /** `vonage` and `keys`; in tests a `provider`. */
  verification: VerificationModuleOptions;
}

@Module({
  controllers: [AuthController, AccountController],
  providers: [UsersService, LocalStrategy, VerificationListener],
})
export class AppModule {
  static forRoot({ databaseUrl, verification }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EventEmitterModule.forRoot(),
        PassportModule,
        TypeOrmModule.forRoot({ type: 'postgres', url: databaseUrl, schema: 'shop' }),
        VerificationModule.forRoot({
          ...verification,
          database: { schema: 'auth', migrationsRun: true },
          routes: false,
        }),
        TwoFactorModule.forRoot({ sessions: new ExpressSessions(), issuer: 'ACME', homePath: '/account' }),
      ],
    };
  }
}
