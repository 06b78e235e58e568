import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import { LibraryDatabaseModule } from '../database/library-database.module.js';
import { PagesModule, type PagesOptions } from '../http/index.js';
import {
  resolveVerificationOptions,
  VERIFICATION_OPTIONS,
  type VerificationModuleOptions,
} from './verification.options.js';
import { VerificationController } from './verification.controller.js';
import { VerificationThrottlerModule } from './verification.throttler-module.js';
import { WebhookController } from './webhooks/webhook.controller.js';

/** What must be known before the options are: it decides what the module consists of. */
export interface VerificationModuleExtras {
  /** Serve the routes of docs/http.md. Defaults to true. False leaves the service to be called by your own. */
  routes?: boolean;
  /** Your own templates and words, over ours. */
  pages?: PagesOptions;
}

/** Holds the options by themselves, so that the throttler's module can ask for them. */
@Module({})
class VerificationOptionsModule {}

const GIVEN_OPTIONS = Symbol('VERIFICATION_OPTIONS as given');

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<VerificationModuleOptions>({
  optionsInjectionToken: GIVEN_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<VerificationModuleExtras>({ routes: true, pages: {} }, (definition, { routes, pages }) => {
    const options: DynamicModule = {
      module: VerificationOptionsModule,
      imports: definition.imports ?? [],
      providers: [
        ...(definition.providers ?? []),
        { provide: VERIFICATION_OPTIONS, inject: [GIVEN_OPTIONS], useFactory: resolveVerificationOptions },
      ],
      exports: [VERIFICATION_OPTIONS],
    };
    return {
      ...definition,
      // One of it serves all who build on it.
      global: true,
      imports: [
        ...(definition.imports ?? []),
        options,
        LibraryDatabaseModule.for(options, VERIFICATION_OPTIONS),
        PagesModule.forRoot(pages),
        VerificationThrottlerModule.for(options),
      ],
      providers: [],
      controllers: routes ? [VerificationController, WebhookController] : [],
    };
  })
  .build();
