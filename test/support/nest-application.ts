import { ConsoleLogger, type Type } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';

/** Builds the application of another team from its module, as Nest makes it. */
export async function nestApplication(
  hostModule: Type,
  server = new ExpressAdapter(),
): Promise<NestExpressApplication> {
  const compiled = await Test.createTestingModule({ imports: [hostModule] })
    .setLogger(new ConsoleLogger({ logLevels: [] }))
    .compile();
  return compiled.createNestApplication<NestExpressApplication>(server, { logger: false });
}
