import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import session from 'express-session';
import { AppModule, type AppOptions } from './app.module.js';

/** The application as it was before: sessions in a cookie. */
export async function createApp(options: AppOptions): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(options), {
    logger: ['error', 'warn'],
  });
  app.use(
    session({
      // No `store`: in memory, to be short. Use one that lasts and is shared, such as connect-pg-simple.
      secret: options.sessionSecret,
      cookie: { httpOnly: true, sameSite: 'lax' },
      resave: false,
      saveUninitialized: false,
    }),
  );
  return app;
}
