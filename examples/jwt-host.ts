import { Body, Controller, type DynamicModule, Get, HttpCode, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import {
  type Assurance,
  AssuranceResource,
  CurrentAssurance,
  JwtSessions,
  Problem,
  RequireFactor,
  SkipSecondFactor,
  StepUpGrants,
  TwoFactorModule,
  TwoFactorService,
  VerificationModule,
  type VerificationModuleOptions,
} from 'nest-sms-otp';
import { Users } from './users.js';

/** The password, as you check it already; `signIn` is all that is new. Its answer has the first token. */
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
    @Body() { email, password }: Record<string, unknown>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AssuranceResource & { accessToken: string | undefined }> {
    const userId = await this.users.authenticate(email, password);
    if (!userId) throw new Problem('sign-in-failed', 401);
    const { assurance, next, accessToken } = await this.twoFactor.signIn(request, response, userId);
    return { ...AssuranceResource.of(assurance, next), accessToken };
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
  constructor(private readonly stepUps: StepUpGrants) {}

  @Get()
  account(@CurrentAssurance() assurance: Assurance) {
    return { userId: assurance.userId, amr: assurance.amr };
  }

  /** A second factor, shown within the last five minutes. */
  @Get('api-keys')
  @RequireFactor({ maxAgeSeconds: 300 })
  apiKeys() {
    return { apiKeys: [] };
  }

  /** A second factor, shown for exactly this payment. */
  @Post('payments')
  @HttpCode(200)
  @RequireFactor()
  async pay(@Body() { amount, recipient, grant }: Record<string, unknown>, @Req() request: Request) {
    const payload = { amount: String(amount), recipient: String(recipient) };
    const summary = `Pay ${payload.amount} EUR to ${payload.recipient}`;
    await this.stepUps.requireFor(request, { action: 'payment', payload, summary }, grant);
    return { paid: payload };
  }
}

export interface JwtHostOptions {
  /** Migrated: `runMigrations(databaseUrl)`. */
  databaseUrl: string;
  /** Signs the tokens; at least 32 random bytes. */
  jwtSecret: string;
  /** `vonage` and `keys`; in tests a `provider`. */
  verification: VerificationModuleOptions;
}

/** An API with bearer tokens: it has the two-factor routes of the library, and routes of its own that they protect. */
@Module({ controllers: [SignInController, AccountController], providers: [Users] })
export class JwtHost {
  static forRoot({ databaseUrl, jwtSecret, verification }: JwtHostOptions): DynamicModule {
    return {
      module: JwtHost,
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: databaseUrl,
        }),
        VerificationModule.forRoot({ ...verification, routes: false }),
        TwoFactorModule.forRoot({
          sessions: new JwtSessions({ secret: jwtSecret }),
          issuer: 'ACME',
          // A trusted browser is a cookie, and this is an API.
          trustBrowserDays: null,
        }),
      ],
    };
  }
}

/** `main.ts`: `(await createJwtHost({ … })).listen(3000)`. */
export async function createJwtHost(options: JwtHostOptions): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(JwtHost.forRoot(options), {
    logger: ['error', 'warn'],
  });
  return app;
}
