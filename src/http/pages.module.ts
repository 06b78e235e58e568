import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type DynamicModule, Module } from '@nestjs/common';
import { PageGuard, PageInterceptor } from './page.js';
import { ProblemFilter } from './problem.filter.js';
import { HandlebarsRenderer, ViewRenderer } from './view-renderer.js';

/** Options of {@link PagesModule}. */
export interface PagesOptions {
  /**
   * Directories with the host's templates. A file with the name of one of ours replaces it.
   * @default []
   */
  viewDirectories?: readonly string[];
  /**
   * Directories with the host's messages. A key of ours is replaced by theirs.
   * @default []
   */
  messageDirectories?: readonly string[];
}

/** The directory with the package's own views, messages and assets. The package resolves itself by its name. */
export const PACKAGE_ROOT = dirname(createRequire(import.meta.url).resolve('nest-sms-otp/package.json'));

/** Provides pages and the exception filter. Modules that import it with the same options share one instance. */
@Module({})
export class PagesModule {
  private static readonly instances = new Map<string, DynamicModule>();

  static forRoot({ viewDirectories = [], messageDirectories = [] }: PagesOptions = {}): DynamicModule {
    // Nest identifies dynamic modules by reference.
    const key = JSON.stringify([viewDirectories, messageDirectories]);
    const known = PagesModule.instances.get(key);
    if (known) return known;
    const renderer = {
      provide: ViewRenderer,
      useFactory: () =>
        new HandlebarsRenderer({
          viewDirectories: [join(PACKAGE_ROOT, 'views'), ...viewDirectories],
          messageDirectories: [join(PACKAGE_ROOT, 'messages'), ...messageDirectories],
        }),
    };
    const providers = [renderer, PageGuard, PageInterceptor, ProblemFilter];
    const module = { module: PagesModule, providers, exports: providers };
    PagesModule.instances.set(key, module);
    return module;
  }
}
