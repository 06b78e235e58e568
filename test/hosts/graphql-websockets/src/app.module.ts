import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, type ExecutionContext, Module } from '@nestjs/common';
import { type GqlContextType, GqlExecutionContext, GraphQLModule } from '@nestjs/graphql';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request } from 'express';
import {
  JwtSessions,
  TwoFactorModule,
  VerificationModule,
  type VerificationModuleOptions,
} from 'nest-sms-otp';
import { AccountResolver } from './account.resolver.js';
import { AuthController } from './auth.controller.js';
import { BalanceGateway, upgradeRequests } from './balance.gateway.js';

export interface AppOptions {
  databaseUrl: string;
  jwtSecret: string;
  /** `vonage` and `keys`; in tests a `provider`. */
  verification: VerificationModuleOptions;
}

/** The HTTP request behind a resolver's call or a socket's message. */
const requestOf = (context: ExecutionContext): Request | null =>
  context.getType<GqlContextType>() === 'graphql'
    ? GqlExecutionContext.create(context).getContext<{ req: Request }>().req
    : (upgradeRequests.get(context.switchToWs().getClient<object>()) ?? null);

@Module({ controllers: [AuthController], providers: [AccountResolver, BalanceGateway] })
export class AppModule {
  static forRoot({ databaseUrl, jwtSecret, verification }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
        TypeOrmModule.forRoot({ type: 'postgres', url: databaseUrl }),
        VerificationModule.forRoot({ ...verification, database: { migrationsRun: true }, routes: false }),
        TwoFactorModule.forRoot({
          sessions: new JwtSessions({ secret: jwtSecret }),
          issuer: 'ACME',
          requestOf,
          trustBrowserDays: null,
        }),
      ],
    };
  }
}
