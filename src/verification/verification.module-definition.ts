import { ConfigurableModuleBuilder } from '@nestjs/common';
import { PagesModule, type PagesOptions } from '../http/index.js';
import { VERIFICATION_OPTIONS, type VerificationModuleOptions } from './verification.options.js';
import { VerificationController } from './verification.controller.js';
import { WebhookController } from './webhooks/webhook.controller.js';

/** What must be known before the options are: it decides what the module consists of. */
export interface VerificationModuleExtras {
  /** Serve the routes of docs/http.md; true unless told. False leaves the service to be called by your own. */
  routes?: boolean;
  /** Your own templates and words, over ours. */
  pages?: PagesOptions;
}

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<VerificationModuleOptions>({
  optionsInjectionToken: VERIFICATION_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<VerificationModuleExtras>({ routes: true, pages: {} }, (definition, { routes, pages }) => ({
    ...definition,
    // One of it serves all who build on it.
    global: true,
    imports: [...(definition.imports ?? []), PagesModule.forRoot(pages)],
    controllers: routes ? [VerificationController, WebhookController] : [],
  }))
  .build();
