import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  JwtSessions,
  TwoFactorModule,
  VerificationModule,
  type VerificationModuleOptions,
} from 'nest-sms-otp';
import { AuthController } from './auth.controller';
import { ErrorShapeFilter } from './error-shape.filter';
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

@Module({
  controllers: [AuthController, NotesController],
  providers: [
    UsersService,
    { provide: APP_GUARD, useClass: ThrottlerGuard },
    { provide: APP_FILTER, useClass: ErrorShapeFilter },
  ],
})
export class AppModule {
  static forRoot({ databaseUrl, jwtSecret, verification }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: databaseUrl }),
        ThrottlerModule.forRoot([{ ttl: 60_000, limit: 100 }]),
        VerificationModule.forRoot({ ...verification, routes: false }),
        TwoFactorModule.forRoot({
          sessions: new JwtSessions({ secret: jwtSecret, issuer: 'commonjs-jwt' }),
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
