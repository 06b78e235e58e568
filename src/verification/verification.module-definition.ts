import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import {
  HTTP_OPTIONS,
  mounted,
  type MountOptions,
  PagesModule,
  type PagesOptions,
  SERVICE_NAME,
} from '../http/index.js';
import { PersonalDataCipher } from '../crypto/index.js';
import { LibraryDatabaseModule } from '../database/library-database.module.js';
import {
  type ResolvedVerificationOptions,
  resolveVerificationOptions,
  VERIFICATION_OPTIONS,
  type VerificationModuleOptions,
} from './verification.options.js';
import { VerificationController } from './verification.controller.js';
import { VerificationThrottlerModule } from './verification.throttler-module.js';
import { WebhookController } from './webhooks/webhook.controller.js';

/** What must be known before the options are: it decides what the module consists of. */
export interface VerificationModuleExtras extends MountOptions {
  /**
   * Serves the routes of docs/http.md. Without them, your own code calls the service.
   * @default true
   */
  routes?: boolean;
  /**
   * Your own templates and messages, which replace ours: for the pages of all our modules.
   * @default {}
   */
  pages?: PagesOptions;
}

/** Provides the options and the keys to the modules that this one is made of. */
@Module({})
class VerificationOptionsModule {}

const GIVEN_OPTIONS = Symbol('VERIFICATION_OPTIONS as given');
/** The controllers of this application. */
export const SERVED = Symbol('controllers of VerificationModule');

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<VerificationModuleOptions>({
  optionsInjectionToken: GIVEN_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createVerificationOptions')
  .setExtras<VerificationModuleExtras>(
    { routes: true, pages: {}, path: undefined, decorators: undefined },
    (definition, extras) => {
      const options: DynamicModule = {
        module: VerificationOptionsModule,
        imports: definition.imports ?? [],
        providers: [
          ...(definition.providers ?? []),
          { provide: VERIFICATION_OPTIONS, inject: [GIVEN_OPTIONS], useFactory: resolveVerificationOptions },
          {
            provide: HTTP_OPTIONS,
            inject: [VERIFICATION_OPTIONS],
            useFactory: ({ http }: ResolvedVerificationOptions) => http,
          },
          {
            provide: SERVICE_NAME,
            inject: [VERIFICATION_OPTIONS],
            useFactory: ({ vonage, message }: ResolvedVerificationOptions) =>
              vonage?.brand ?? message?.brand ?? '',
          },
          {
            provide: PersonalDataCipher,
            inject: [VERIFICATION_OPTIONS],
            useFactory: ({ keys }: ResolvedVerificationOptions) => new PersonalDataCipher(keys),
          },
        ],
        exports: [VERIFICATION_OPTIONS, HTTP_OPTIONS, PersonalDataCipher, SERVICE_NAME],
      };
      const controllers = extras.routes
        ? mounted([VerificationController, WebhookController], '', extras)
        : [];
      return {
        ...definition,
        // One of it serves all who build on it.
        global: true,
        imports: [
          ...(definition.imports ?? []),
          options,
          LibraryDatabaseModule.for(options, VERIFICATION_OPTIONS),
          PagesModule.forRoot(extras.pages ?? {}, extras, options),
          VerificationThrottlerModule.for(options),
        ],
        providers: [{ provide: SERVED, useValue: controllers }],
        controllers,
      };
    },
  )
  .build();
