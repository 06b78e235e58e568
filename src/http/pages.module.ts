import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type DynamicModule, Module } from '@nestjs/common';
import { PageGuard, PageInterceptor } from './page.js';
import { ProblemFilter } from './problem.filter.js';
import { HandlebarsRenderer, ViewRenderer } from './view-renderer.js';

/** Templates and texts of the host that replace those of the library. */
export interface PagesOptions {
  /** The host's own templates; a file named as one of ours replaces it. */
  viewDirectories?: readonly string[];
  /** The host's own words; a key named as one of ours replaces it. */
  messageDirectories?: readonly string[];
}

/** The folder with the package's own views, messages and assets. The package resolves itself by its name. */
export const PACKAGE_ROOT = dirname(createRequire(import.meta.url).resolve('nest-sms-otp/package.json'));

/** Views and failures for every feature. Features import it, and who imports it with the same options shares it. */
@Module({})
export class PagesModule {
  private static readonly made = new Map<string, DynamicModule>();

  static forRoot({ viewDirectories = [], messageDirectories = [] }: PagesOptions = {}): DynamicModule {
    // Nest tells dynamic modules apart by reference.
    const key = JSON.stringify([viewDirectories, messageDirectories]);
    const known = PagesModule.made.get(key);
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
    PagesModule.made.set(key, module);
    return module;
  }
}
