import type { HttpAdapterHost } from '@nestjs/core';
import { MisuseError } from './misuse-error.js';

/** @throws MisuseError when the application's server is not Express. A context without a server is fine. */
export function requireExpress(module: string, { httpAdapter }: HttpAdapterHost): void {
  const type = httpAdapter?.getType();
  if (type !== undefined && type !== 'express')
    throw new MisuseError(
      `${module} works on Express, and this application runs on ${type}. Make it without an adapter, NestFactory.create(AppModule), and install @nestjs/platform-express. On another server VerificationModule can be used with \`routes: false\`.`,
    );
}
