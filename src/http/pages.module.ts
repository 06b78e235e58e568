import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DynamicModule, Module } from '@nestjs/common';
import { checkOptions, FLAG, LIST, OBJECT, type OptionKind, TEXT } from '../options/check-options.js';
import { Assets } from './assets.js';
import { ASSETS, AssetsController } from './assets.controller.js';
import { type BrandOptions, brandStyles, checkBrand, SERVICE_NAME } from './brand.js';
import { Flashes } from './flash.js';
import { LanguageController } from './language.controller.js';
import { mounted, type MountOptions } from './mount.js';
import { MountedPaths } from './mounted-paths.js';
import { PACKAGE_ROOT } from './package-root.js';
import { OwnRouteGuard, PageGuard, PageInterceptor } from './page.js';
import { PageResponder } from './page-responder.js';
import { ProblemFilter } from './problem.filter.js';
import { HandlebarsRenderer, ViewRenderer } from './view-renderer.js';

/** The host's own pages. */
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
  /**
   * The languages of the pages, such as `['en', 'de']`: those of ours, and those of your `messageDirectories`. The first
   * one is for readers of none of them. With one language there is no menu.
   * @default every language that there are messages for, English first
   */
  languages?: readonly string[];
  /**
   * Whether a page sends a code by itself once its last digit is entered.
   * @default true
   */
  autoSubmit?: boolean;
  /**
   * Your name, logo, colour, corners and font, for all pages of ours.
   * @default {}
   */
  brand?: BrandOptions;
}

const FOLDERS: OptionKind = {
  is: (value) => Array.isArray(value) && value.every((path) => TEXT.is(path) && existsSync(path as string)),
  words: 'a list of folders that exist',
};

const KINDS: Record<keyof PagesOptions, OptionKind> = {
  viewDirectories: FOLDERS,
  messageDirectories: FOLDERS,
  languages: LIST,
  autoSubmit: FLAG,
  brand: OBJECT,
};

const PROVIDERS = [
  Flashes,
  MountedPaths,
  OwnRouteGuard,
  PageGuard,
  PageInterceptor,
  PageResponder,
  ProblemFilter,
];

/** The pages of all our modules: what renders them, what their routes go through, and their assets. */
@Module({})
export class PagesModule {
  /**
   * @param options a module that exports `HTTP_OPTIONS`, `SERVICE_NAME` and `PersonalDataCipher`
   * @throws TypeError for an option that there is not, and a brand that cannot be shown
   */
  static forRoot(
    given: PagesOptions,
    mount: Pick<MountOptions, 'decorators'>,
    options: DynamicModule,
  ): DynamicModule {
    checkOptions('pages', given, KINDS);
    const { viewDirectories = [], messageDirectories = [], languages, autoSubmit = true, brand = {} } = given;
    checkBrand(brand);
    const assets = new Assets(join(PACKAGE_ROOT, 'public', 'assets'), brandStyles(brand));
    const renderer = {
      provide: ViewRenderer,
      inject: [MountedPaths, SERVICE_NAME],
      useFactory: (paths: MountedPaths, serviceName: string) =>
        new HandlebarsRenderer({
          viewDirectories: [join(PACKAGE_ROOT, 'views'), ...viewDirectories],
          messageDirectories: [join(PACKAGE_ROOT, 'messages'), ...messageDirectories],
          languages,
          autoSubmit,
          assetPath: (name) => `${paths.of(ASSETS)}/${assets.addressOf(name)}`,
          homePath: () => paths.outside('/'),
          languagePath: () => `${paths.of(ASSETS)}/language`,
          brand: { name: serviceName, ...brand },
        }),
    };
    return {
      module: PagesModule,
      // Guards, interceptors and filters of all modules' controllers are made from these.
      global: true,
      imports: [options],
      controllers: mounted([LanguageController, AssetsController], ASSETS, { decorators: mount.decorators }),
      providers: [...PROVIDERS, renderer, { provide: Assets, useValue: assets }],
      exports: [...PROVIDERS, ViewRenderer, options],
    };
  }
}
