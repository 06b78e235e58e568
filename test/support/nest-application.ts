import { ConsoleLogger, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';

/** Builds the application of another team from its module. The library parses bodies by itself, in `configureHttp`. */
export async function nestApplication(hostModule: Type): Promise<NestExpressApplication> {
  const compiled = await Test.createTestingModule({ imports: [hostModule] })
    .setLogger(new ConsoleLogger({ logLevels: [] }))
    .compile();
  return compiled.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
}
