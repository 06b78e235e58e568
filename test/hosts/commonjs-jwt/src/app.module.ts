import { type DynamicModule, Module } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  twoFactorEntities,
  TwoFactorModule,
  verificationEntities,
  VerificationModule,
  type VerificationModuleOptions,
} from 'nest-sms-otp';
import { AuthController } from './auth.controller';
import { JwtSessions } from './jwt-sessions';
import { NotesController } from './notes.controller';
import { IS_PUBLIC } from './public.decorator';
import { UsersService } from './users.service';

export interface AppOptions {
  databaseUrl: string;
  jwtSecret: string;
  /** `vonage` and `keys`; in tests a `provider`. */
  verification: VerificationModuleOptions;
}

const reflector = new Reflector();

@Module({ controllers: [AuthController, NotesController], providers: [UsersService] })
export class AppModule {
  static forRoot({ databaseUrl, jwtSecret, verification }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: databaseUrl,
          entities: [...verificationEntities, ...twoFactorEntities],
        }),
        VerificationModule.forRoot({ ...verification, routes: false }),
        TwoFactorModule.forRoot({
          sessions: new JwtSessions(jwtSecret),
          issuer: 'ACME',
          isPublic: (context) =>
            reflector.getAllAndOverride<boolean>(IS_PUBLIC, [context.getHandler(), context.getClass()]),
          // A trusted browser is a cookie, and this is an API.
          trustBrowserDays: null,
        }),
      ],
    };
  }
}
