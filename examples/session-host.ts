import { Body, Controller, type DynamicModule, Get, HttpCode, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import session from 'express-session';
import {
  type Assurance,
  AssuranceResource,
  CurrentAssurance,
  ExpressSessions,
  Problem,
  RequireFactor,
  SkipSecondFactor,
  TwoFactorModule,
  type TwoFactorNotice,
  TwoFactorNotifier,
  TwoFactorService,
  VerificationModule,
  type VerificationModuleOptions,
} from 'nest-sms-otp';
import { Users } from './users.js';

/** The password, as you check it already; `signIn` is all that is new. */
@SkipSecondFactor()
@Controller()
class SignInController {
  constructor(
    private readonly users: Users,
    private readonly twoFactor: TwoFactorService,
  ) {}

  @Post('sign-in')
  @HttpCode(200)
  async signIn(
    @Body() { email, password, returnTo }: Record<string, unknown>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource> {
    const userId = await this.users.authenticate(email, password);
    if (!userId) throw new Problem('sign-in-failed', 401);
    const { assurance, next } = await this.twoFactor.signIn(request, response, userId, { returnTo });
    return AssuranceResource.of(assurance, next);
  }

  @Post('sign-out')
  @HttpCode(204)
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.twoFactor.signOut(request, response);
  }
}

/** Guarded without a word: who has a second factor gets in only with it. */
@Controller('account')
class AccountController {
  @Get()
  account(@CurrentAssurance() assurance: Assurance) {
    return { userId: assurance.userId, amr: assurance.amr };
  }

  /** For those who have a second factor only, and who have shown it within the last five minutes. */
  @Get('api-keys')
  @RequireFactor({ maxAgeSeconds: 300 })
  apiKeys() {
    return { apiKeys: [] };
  }
}

export interface SessionHostOptions {
  /** Migrated: `runMigrations(databaseUrl)`. */
  databaseUrl: string;
  /** Signs the cookies; at least 32 random bytes. */
  sessionSecret: string;
  /** `vonage` and `keys`; in tests a `provider`. */
  verification: VerificationModuleOptions;
  /** Your mailer: tells users of every change of their factors. */
  tell: (userId: string, notice: TwoFactorNotice) => void | Promise<void>;
  /** Whether this user has to have a second factor: administrators, say. */
  isRequired?: (userId: string) => boolean | Promise<boolean>;
}

class Mail extends TwoFactorNotifier {
  constructor(private readonly tell: SessionHostOptions['tell']) {
    super();
  }

  notify(userId: string, notice: TwoFactorNotice): void | Promise<void> {
    return this.tell(userId, notice);
  }
}

/** A site with cookies: it has the two-factor pages of the library, and routes of its own that they protect. */
@Module({ controllers: [SignInController, AccountController], providers: [Users] })
export class SessionHost {
  static forRoot({ databaseUrl, verification, tell, isRequired }: SessionHostOptions): DynamicModule {
    return {
      module: SessionHost,
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: databaseUrl,
        }),
        VerificationModule.forRoot({ ...verification, routes: false }),
        TwoFactorModule.forRoot({
          sessions: new ExpressSessions(),
          notifier: new Mail(tell),
          issuer: 'ACME',
          homePath: '/account',
          ...(isRequired ? { isRequired } : {}),
        }),
      ],
    };
  }
}

/** `main.ts`: `(await createSessionHost({ … })).listen(3000)`. */
export async function createSessionHost(options: SessionHostOptions): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(SessionHost.forRoot(options), {
    logger: ['error', 'warn'],
  });
  app.use(
    session({
      // No `store`: in memory, to be short. Use one that lasts and is shared, such as connect-pg-simple.
      secret: options.sessionSecret,
      name: 'session',
      // With HTTPS, `secure: true` and the name `__Host-session`.
      cookie: { httpOnly: true, sameSite: 'lax', path: '/' },
      resave: false,
      saveUninitialized: false,
      unset: 'destroy',
    }),
  );
  return app;
}
