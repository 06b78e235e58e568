import { createHash } from 'node:crypto';
import { Inject, type MiddlewareConsumer, Module, type NestModule, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { RepeatedPosts, ViewRenderer } from '../http/index.js';
import { KeyCanary, KeyRotation, KeyRotator, PersonalDataCipher } from '../crypto/index.js';
import { verificationMigrations } from '../../migrations/index.js';
import { LIBRARY_DATA_SOURCE, type ModuleTables } from '../database/library-data-source.js';
import { StatementRunner } from '../database/statement.js';
import { requireExpress } from '../options/require-express.js';
import { assertInstalled } from '../options/optional-package.js';
import { CancelRepository } from './cancel/cancel.repository.js';
import { CancelService } from './cancel/cancel.service.js';
import { AcceptanceService } from './check/acceptance.service.js';
import { CodeCheckService } from './check/check.service.js';
import { DoubtRepository } from './check/doubt.repository.js';
import { DoubtService } from './check/doubt.service.js';
import { WrongCodesRepository } from './check/wrong-codes.repository.js';
import type { VerificationPolicy } from './domain/policy.js';
import { DeliveryQueue } from './event-delivery/delivery-queue.js';
import { EventsFile } from './event-delivery/events-file.js';
import { WebhookDelivery } from './event-delivery/webhook-delivery.service.js';
import { IdempotencyKey } from './entities/idempotency-key.entity.js';
import { verificationEntities } from './entities/index.js';
import { VerificationRequest } from './entities/verification-request.entity.js';
import { IdempotencyRepository } from './idempotency/idempotency.repository.js';
import { JournalPublisher } from './journal/journal-publisher.service.js';
import { JournalReader } from './journal/journal-reader.js';
import { JournalRestorer } from './journal/journal-restorer.service.js';
import { JournalSealer } from './journal/journal-sealer.service.js';
import { JournalVerifier } from './journal/journal-verifier.service.js';
import { SealVerifier } from './journal/seal-verifier.service.js';
import { PhoneNumbers } from './phone-numbers.js';
import { CodeMessages } from './provider/message-sender/code-messages.repository.js';
import { MessageSenderProvider } from './provider/message-sender/message-sender.provider.js';
import { MessageText } from './provider/message-sender/message-text.js';
import { OneTimeCodes } from './provider/message-sender/one-time-codes.js';
import { ProtectedProvider } from './provider/protected-provider.js';
import { ProviderPacer } from './provider/provider-pacer.js';
import { ProviderReports } from './provider/provider-reports.js';
import { VerificationProvider } from './provider/verification-provider.js';
import { VerificationReconciler } from './recovery/reconciler.js';
import { SweepRepository } from './recovery/sweep.repository.js';
import { RequestFinder } from './request-finder.js';
import { ResendRepository } from './resend/resend.repository.js';
import { ResendService } from './resend/resend.service.js';
import { traceHeaders } from '../diagnostics/index.js';
import { JournalLag } from './journal/journal-lag.js';
import { CountersRepository } from './start/counters.repository.js';
import { SharedLimitWarnings } from './start/shared-limit-warnings.js';
import { DeliveryRepository } from './start/delivery.repository.js';
import { DeliveryService } from './start/delivery.service.js';
import { InFlightConflict } from './start/in-flight-conflict.js';
import { MessageLimits } from './start/message-limits.js';
import { AllowedCountries, MessageRules } from './start/message-rules.js';
import { RequestDrafts } from './start/request-drafts.js';
import { StartRepository } from './start/start.repository.js';
import { StartService } from './start/start.service.js';
import { CallerFingerprints } from './verification.callers.js';
import { ConfigurableModuleClass, SERVED } from './verification.module-definition.js';
import { CodeForm } from './verification.code-form.js';
import { PhoneForm } from './verification.forms.js';
import {
  MESSAGE_RULES,
  VERIFICATION_OPTIONS,
  VERIFICATION_POLICY,
  type ResolvedVerificationOptions,
} from './verification.options.js';
import { VERIFICATION_PAGES } from './verification.pages.js';
import { VerificationRepository } from './verification.repository.js';
import { VerificationService } from './verification.service.js';
import { VerificationWebhooks } from './webhooks/verification.webhooks.js';
import { WebhooksRepository } from './webhooks/webhooks.repository.js';

async function createProvider(
  options: ResolvedVerificationOptions,
  dataSource: DataSource,
  ...parts: [StatementRunner, PersonalDataCipher, ViewRenderer]
): Promise<VerificationProvider> {
  const { provider, vonage, sender, protection } = options;
  const { requestsPerSecond, failuresBeforeBreak } = protection;
  // The limit is the account's; its name goes into the database, so it does not say which account.
  const account = createHash('sha256')
    .update(vonage?.apiKey ?? '')
    .digest('base64url')
    .slice(0, 16);
  const pacer = requestsPerSecond === null ? null : new ProviderPacer(dataSource, account, requestsPerSecond);
  const chosen = provider ?? senderProvider(options, ...parts) ?? (await vonageProvider(vonage!));
  return new ProtectedProvider(chosen, {
    pacer,
    failuresBeforeBreak,
    onlyStarts: sender !== undefined,
  });
}

function senderProvider(
  { sender, message, keys }: ResolvedVerificationOptions,
  statements: StatementRunner,
  cipher: PersonalDataCipher,
  renderer: ViewRenderer,
): VerificationProvider | undefined {
  if (!sender) return undefined;
  return new MessageSenderProvider({
    sender,
    messages: new CodeMessages(statements),
    codes: new OneTimeCodes(keys.fingerprint),
    text: new MessageText(message, renderer),
    cipher,
    timeoutMs: message.timeoutMs,
  });
}

async function vonageProvider(
  vonage: NonNullable<ResolvedVerificationOptions['vonage']>,
): Promise<VerificationProvider> {
  assertInstalled('@vonage/server-sdk', 'The option `vonage` of VerificationModule');
  // Loaded late: a host with its own provider need not install Vonage's SDK.
  const { VonageV1Provider, VonageV2Provider } = await import('./provider/vonage/index.js');
  const connection = { ...vonage, headers: traceHeaders };
  return vonage.api === 'v1' ? new VonageV1Provider(connection) : new VonageV2Provider(connection);
}

/**
 * Proves control of phone numbers. `forRoot(options)` or `forRootAsync({ useFactory, inject })`; needs a
 * TypeORM data source or a pool of `pg`, and the package's migrations.
 */
@Module({
  imports: [
    TypeOrmModule.forFeature([VerificationRequest, IdempotencyKey, KeyRotation], LIBRARY_DATA_SOURCE),
  ],
  providers: [
    VerificationService,
    StartService,
    StartRepository,
    RequestDrafts,
    MessageLimits,
    CountersRepository,
    SharedLimitWarnings,
    DeliveryService,
    DeliveryRepository,
    InFlightConflict,
    CodeCheckService,
    AcceptanceService,
    VerificationRepository,
    DoubtService,
    DoubtRepository,
    WrongCodesRepository,
    ResendService,
    ResendRepository,
    CancelService,
    CancelRepository,
    VerificationReconciler,
    SweepRepository,
    VerificationWebhooks,
    WebhooksRepository,
    IdempotencyRepository,
    JournalLag,
    KeyCanary,
    RequestFinder,
    PhoneNumbers,
    CallerFingerprints,
    ProviderReports,
    JournalReader,
    JournalSealer,
    JournalPublisher,
    DeliveryQueue,
    WebhookDelivery,
    EventsFile,
    JournalVerifier,
    JournalRestorer,
    SealVerifier,
    KeyRotator,
    PhoneForm,
    CodeForm,
    ...VERIFICATION_PAGES,
    {
      provide: VerificationProvider,
      inject: [
        VERIFICATION_OPTIONS,
        getDataSourceToken(LIBRARY_DATA_SOURCE),
        StatementRunner,
        PersonalDataCipher,
        ViewRenderer,
      ],
      useFactory: createProvider,
    },
    {
      provide: VERIFICATION_POLICY,
      inject: [VERIFICATION_OPTIONS],
      useFactory: ({ policy }: ResolvedVerificationOptions) => policy,
    },
    {
      provide: MESSAGE_RULES,
      inject: [VERIFICATION_POLICY, { token: MessageRules, optional: true }],
      useFactory: ({ allowedCountries }: VerificationPolicy, rules?: MessageRules) =>
        rules ?? new AllowedCountries(allowedCountries),
    },
  ],
  exports: [
    VerificationService,
    VerificationReconciler,
    JournalSealer,
    JournalVerifier,
    JournalRestorer,
    SealVerifier,
    DeliveryQueue,
    EventsFile,
    JournalLag,
    KeyCanary,
    KeyRotator,
    CountersRepository,
    VERIFICATION_POLICY,
    CodeForm,
    PhoneForm,
  ],
})
export class VerificationModule extends ConfigurableModuleClass implements NestModule {
  static readonly tables: readonly ModuleTables[] = [
    { entities: verificationEntities, migrations: verificationMigrations },
  ];

  constructor(
    @Inject(SERVED) private readonly controllers: Type[],
    private readonly server: HttpAdapterHost,
  ) {
    super();
  }

  configure(consumer: MiddlewareConsumer): void {
    if (this.controllers.length === 0) return;
    requireExpress('VerificationModule', this.server);
    consumer.apply(RepeatedPosts).forRoutes(...this.controllers);
  }
}
