import { type DynamicModule, Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { ThrottlerModule } from '@nestjs/throttler';
import { AdminModule } from '../admin/index.js';
import { PagesModule } from '../http/index.js';
import { ExpressSessions, TwoFactorModule } from '../two-factor/index.js';
import { AccountController } from './account.controller.js';
import { DemoUsers } from './demo-users.js';
import { HOST_OPTIONS, type HostOptions } from './host.options.js';
import { HOME, HOST_PAGES } from './host.pages.js';
import { LocalStrategy, PasswordGuard } from './local.strategy.js';
import { SignInController } from './sign-in.controller.js';
import { SignInThrottler } from './sign-in.throttler.js';
import { UsersModule } from './users.module.js';
import { Users } from './users.service.js';

/** Everything that a team would have already, and how it takes in two-factor sign-in. */
@Module({
  controllers: [SignInController, AccountController],
  providers: [DemoUsers, LocalStrategy, PasswordGuard, SignInThrottler, ...HOST_PAGES],
})
export class HostModule {
  static forRoot(options: HostOptions & { issuer: string }): DynamicModule {
    return {
      module: HostModule,
      imports: [
        PagesModule.forRoot(),
        UsersModule,
        PassportModule,
        ThrottlerModule.forRoot({
          throttlers: options.signIns
            ? [{ name: 'sign-in', limit: options.signIns.limit, ttl: options.signIns.windowSeconds * 1000 }]
            : [],
          setHeaders: false,
          storage: options.throttlerStorage,
        }),
        TwoFactorModule.forRootAsync({
          imports: [UsersModule],
          inject: [Users],
          useFactory: (users: Users) => ({
            sessions: new ExpressSessions(),
            issuer: options.issuer,
            homePath: HOME,
            throttle: { ...options.posts, storage: options.throttlerStorage },
            accountName: async (id: string) => (await users.find(id))?.email ?? id,
          }),
        }),
        AdminModule.forRootAsync({
          imports: [UsersModule],
          inject: [Users],
          useFactory: (users: Users) => ({
            ...options.admin,
            isAdmin: async (id: string) => (await users.find(id))?.role === 'admin',
          }),
        }),
      ],
      providers: [{ provide: HOST_OPTIONS, useValue: options }],
    };
  }
}
