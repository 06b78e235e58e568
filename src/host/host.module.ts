import { type DynamicModule, Inject, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { ThrottlerModule } from '@nestjs/throttler';
import { AdminModule } from '../admin/index.js';
import { RepeatedPosts } from '../http/index.js';
import { TwoFactorModule } from '../two-factor/index.js';
import { AccountController } from './account.controller.js';
import { ActivityLog } from './activity/activity.js';
import { ComponentsController, ComponentsPage } from './components.controller.js';
import { DemoUsers } from './demo-users.js';
import { HOST_OPTIONS, type HostOptions } from './host.options.js';
import { HOME, HOST_PAGES } from './host.pages.js';
import { LocalStrategy, PasswordGuard } from './local.strategy.js';
import { HostSessions } from './sessions/host-sessions.js';
import { SessionList } from './sessions/session-list.js';
import { SessionRepository } from './sessions/session.repository.js';
import { sessionMiddleware } from './sessions/session.store.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { SessionsPage } from './sessions/sessions.page.js';
import { AccountMails } from './mail/account-mails.js';
import { HostUpkeep } from './host-upkeep.js';
import { PasswordController } from './password.controller.js';
import { PasswordResetController } from './password-reset.controller.js';
import { AccountLinks } from './passwords/account-links.js';
import { FailedPasswords } from './passwords/failed-passwords.js';
import { KnownBrowsers } from './passwords/known-browsers.js';
import { PasswordChanges } from './passwords/password-changes.js';
import { PASSWORD_PAGES } from './passwords/password.pages.js';
import { PasswordSignIn } from './passwords/password-sign-in.js';
import { SignUps } from './passwords/sign-ups.js';
import { PaymentsController } from './payments/payments.controller.js';
import { PAYMENT_PAGES } from './payments/payments.pages.js';
import { Payments } from './payments/payments.service.js';
import { SecureConnectionGuard } from './secure-connection.guard.js';
import { SignInController } from './sign-in.controller.js';
import { SignUpController } from './sign-up.controller.js';
import { SignInThrottler } from './sign-in.throttler.js';
import { UsersModule } from './users.module.js';
import { Users } from './users.service.js';

/** The routes of people who sign in. Phone verification, webhooks and health checks need no session. */
const SESSION_ROUTES = [
  'sign-in',
  'sign-out',
  'sign-up',
  'password-reset',
  'account',
  'two-factor',
  'admin',
].flatMap((path) => [path, `${path}/*rest`]);

const CONTROLLERS = [
  SignInController,
  SignUpController,
  PasswordResetController,
  PasswordController,
  AccountController,
  SessionsController,
  PaymentsController,
];

/** The parts that every application already has, and how they are connected to two-factor sign-in. */
@Module({
  controllers: CONTROLLERS,
  providers: [
    AccountLinks,
    ActivityLog,
    AccountMails,
    ComponentsPage,
    DemoUsers,
    FailedPasswords,
    HostUpkeep,
    KnownBrowsers,
    LocalStrategy,
    PasswordChanges,
    PasswordGuard,
    PasswordSignIn,
    Payments,
    SecureConnectionGuard,
    SessionList,
    SessionsPage,
    SignInThrottler,
    SignUps,
    ...HOST_PAGES,
    ...PASSWORD_PAGES,
    ...PAYMENT_PAGES,
  ],
})
export class HostModule implements NestModule {
  constructor(
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
    private readonly sessions: SessionRepository,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(sessionMiddleware(this.sessions, this.options.sessions)).forRoutes(...SESSION_ROUTES);
    consumer.apply(RepeatedPosts).forRoutes(...CONTROLLERS);
  }

  static forRoot(options: HostOptions & { issuer: string }): DynamicModule {
    return {
      module: HostModule,
      imports: [
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
          inject: [Users, SessionRepository],
          useFactory: (users: Users, sessions: SessionRepository) => ({
            sessions: new HostSessions(sessions, options.sessionLifetimeSeconds),
            sessionLifetimeSeconds: options.sessionLifetimeSeconds,
            issuer: options.issuer,
            homePath: HOME,
            passkeys: {},
            throttle: { ...options.posts, storage: options.throttlerStorage },
            accountName: async (id: string) => (await users.find(id))?.email ?? id,
          }),
        }),
        AdminModule.forRootAsync({
          imports: [UsersModule],
          inject: [Users],
          useFactory: (users: Users) => ({
            ...options.admin,
            nameOf: (ids) => users.emailsOf(ids),
            isAdmin: async (id: string) => (await users.find(id))?.role === 'admin',
          }),
        }),
      ],
      controllers: options.showsComponents ? [ComponentsController] : [],
      providers: [{ provide: HOST_OPTIONS, useValue: options }],
    };
  }
}
