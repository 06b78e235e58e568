import { createHash } from 'node:crypto';
import { Module } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { PersonalDataCipher } from '../database/personal-data-cipher.js';
import { AdmissionRules, AllowedCountries } from './domain/admission.js';
import { resolvePolicy, type VerificationPolicy } from './domain/policy.js';
import { VerificationProvider } from './provider/verification-provider.js';
import { EventAnnouncer } from './journal/event-announcer.js';
import { JournalAuditor } from './journal/journal-auditor.js';
import { ProtectedProvider } from './provider/protected-provider.js';
import { ProviderPacer } from './provider/provider-pacer.js';
import { VerificationAdmission } from './verification.admission.js';
import { CallerFingerprints } from './verification.callers.js';
import { IdempotencyRepository } from './verification.idempotency-repository.js';
import { VerificationJudge } from './verification.judge.js';
import { KeyRotator } from './verification.key-rotator.js';
import { OwnerPrecedence } from './verification.precedence.js';
import { ConfigurableModuleClass } from './verification.module-definition.js';
import {
  ADMISSION,
  DEFAULT_PROTECTION,
  toKeyRing,
  VERIFICATION_OPTIONS,
  VERIFICATION_POLICY,
  type VerificationModuleOptions,
} from './verification.options.js';
import { CodeForm, PhoneForm, VERIFICATION_PAGES } from './verification.pages.js';
import { VerificationReconciler } from './verification.reconciler.js';
import { VerificationRepository } from './verification.repository.js';
import { VerificationSender } from './verification.sender.js';
import { StatementRunner } from './verification.statement-runner.js';
import { VerificationService } from './verification.service.js';
import { VerificationWebhooks } from './webhooks/verification.webhooks.js';
import { VonageV1Provider } from './provider/vonage/vonage-v1.provider.js';
import { VonageV2Provider } from './provider/vonage/vonage-v2.provider.js';

const DEFAULT_TIMEOUT_MS = 5000;

function createProvider(
  { provider, vonage, protection }: VerificationModuleOptions,
  dataSource: DataSource,
): VerificationProvider {
  const { requestsPerSecond, failuresBeforeBreak } = { ...DEFAULT_PROTECTION, ...protection };
  // The limit is the account's; its name goes into the database, so it does not say which account.
  const account = createHash('sha256')
    .update(vonage?.apiKey ?? '')
    .digest('base64url')
    .slice(0, 16);
  const pacer = requestsPerSecond === null ? null : new ProviderPacer(dataSource, account, requestsPerSecond);
  return new ProtectedProvider(provider ?? vonageProvider(vonage), { pacer, failuresBeforeBreak });
}

function vonageProvider(vonage: VerificationModuleOptions['vonage']): VerificationProvider {
  if (!vonage) throw new Error('VerificationModule needs `vonage` or a `provider`');
  const connection = { timeoutMs: DEFAULT_TIMEOUT_MS, ...vonage };
  return vonage.api === 'v1' ? new VonageV1Provider(connection) : new VonageV2Provider(connection);
}

function createPolicy({ policy, vonage }: VerificationModuleOptions): VerificationPolicy {
  const resolved = resolvePolicy({
    providerTimeoutSeconds: (vonage?.timeoutMs ?? DEFAULT_TIMEOUT_MS) / 1000,
    ...policy,
  });
  if (vonage?.api === 'v1' && ![4, 6].includes(resolved.codeLength)) {
    throw new RangeError('policy.codeLength must be 4 or 6 with Verify v1');
  }
  return resolved;
}

/**
 * Proves control of phone numbers. `forRoot(options)` or `forRootAsync({ useFactory, inject })`; needs the host's
 * TypeORM connection to have {@link verificationEntities} and the package's migrations.
 */
@Module({
  providers: [
    VerificationService,
    VerificationAdmission,
    VerificationSender,
    CallerFingerprints,
    OwnerPrecedence,
    VerificationRepository,
    VerificationReconciler,
    VerificationJudge,
    VerificationWebhooks,
    StatementRunner,
    IdempotencyRepository,
    EventAnnouncer,
    JournalAuditor,
    KeyRotator,
    ...VERIFICATION_PAGES,
    {
      provide: VerificationProvider,
      inject: [VERIFICATION_OPTIONS, getDataSourceToken()],
      useFactory: createProvider,
    },
    { provide: VERIFICATION_POLICY, inject: [VERIFICATION_OPTIONS], useFactory: createPolicy },
    {
      provide: ADMISSION,
      inject: [VERIFICATION_POLICY, { token: AdmissionRules, optional: true }],
      useFactory: ({ allowedCountries }: VerificationPolicy, rules?: AdmissionRules) =>
        rules ?? new AllowedCountries(allowedCountries),
    },
    {
      provide: PersonalDataCipher,
      inject: [VERIFICATION_OPTIONS],
      useFactory: ({ keys }: VerificationModuleOptions) =>
        new PersonalDataCipher({
          encryption: toKeyRing(keys.encryption),
          fingerprint: toKeyRing(keys.fingerprint),
        }),
    },
  ],
  exports: [
    VerificationService,
    VerificationReconciler,
    JournalAuditor,
    KeyRotator,
    PersonalDataCipher,
    VERIFICATION_POLICY,
    CodeForm,
    PhoneForm,
  ],
})
export class VerificationModule extends ConfigurableModuleClass {}
