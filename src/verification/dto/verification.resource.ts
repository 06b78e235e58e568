import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { PUBLIC_STATUSES, type PublicStatus } from '../domain/lifecycle.js';
import { type Channel, maskPhoneNumber } from '../domain/phone-number.js';
import {
  type Action,
  ACTIONS,
  availableActions,
  knownSentAt,
  PUBLIC_END_REASONS,
  type PublicEndReason,
  publicEndReason,
  publicStatus,
  type VerificationRecord,
} from '../domain/verification-record.js';

/** A verification request as callers see it. */
export class VerificationResource {
  @ApiProperty({ format: 'uuid' })
  requestId!: string;

  @ApiProperty({ enum: PUBLIC_STATUSES })
  status!: PublicStatus;

  @ApiProperty({ example: 'phone-verification' })
  purpose!: string;

  @ApiProperty({ enum: ['sms', 'voice'] })
  channel!: Channel;

  @ApiProperty({
    description: 'Masked: country calling code and the last two digits.',
    example: '+1 ••• ••• ••71',
  })
  phoneNumber!: string;

  @ApiProperty({ minimum: 4, maximum: 10 })
  codeLength!: number;

  @ApiProperty({ minimum: 0, maximum: 3 })
  attemptsRemaining!: number;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;

  @ApiProperty({
    format: 'date-time',
    type: String,
    nullable: true,
    description: 'When the newest message went out. Null while it is not known whether it did.',
  })
  sentAt!: string | null;

  @ApiProperty({
    format: 'date-time',
    type: String,
    nullable: true,
    description: 'When a resend will be accepted.',
  })
  resendAvailableAt!: string | null;

  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  verifiedAt!: string | null;

  @ApiProperty({
    enum: [...PUBLIC_END_REASONS, null],
    nullable: true,
    description:
      'Why the request ended without success. `not-delivered`: the provider refused, lost or blocked the message.',
  })
  endReason!: PublicEndReason | null;

  @ApiProperty({ enum: ACTIONS, isArray: true, description: 'What the caller can do now.' })
  actions!: Action[];

  @ApiPropertyOptional({
    description:
      'Another session of the same user asked for this code: it is accepted there only. Ask for a new one at `resendAvailableAt`.',
  })
  requestedElsewhere?: true;
}

/** The public form of a request. */
export function toResource(record: VerificationRecord): VerificationResource {
  const live = publicStatus(record) === 'PENDING';
  return {
    requestId: record.id,
    status: publicStatus(record),
    purpose: record.purpose,
    channel: record.channel,
    phoneNumber: maskPhoneNumber(record.phoneCountry, record.phoneLastDigits),
    codeLength: record.codeLength,
    attemptsRemaining: live ? Math.max(0, record.maxAttempts - record.attempts) : 0,
    createdAt: record.createdAt.toISOString(),
    expiresAt: record.expiresAt.toISOString(),
    sentAt: knownSentAt(record)?.toISOString() ?? null,
    resendAvailableAt: record.resendAvailableAt?.toISOString() ?? null,
    verifiedAt: record.verifiedAt?.toISOString() ?? null,
    endReason: publicEndReason(record),
    actions: availableActions(record),
    ...(record.requestedElsewhere ? { requestedElsewhere: true } : {}),
  };
}
