import { ApiProperty } from '../../openapi/decorators.js';
import { maskPhoneNumber, PUBLIC_STATUSES, type PublicStatus } from '../../verification/index.js';
import { EvaluatedRuleResource } from '../policy/policy.dto.js';
import type { HistoryRow } from './history.repository.js';

const MOMENT = { format: 'date-time' } as const;
const MAYBE = { type: String, nullable: true } as const;

export class HistoryItemResource {
  @ApiProperty({ format: 'uuid' })
  requestId!: string;

  @ApiProperty(MOMENT)
  createdAt!: string;

  @ApiProperty({ enum: PUBLIC_STATUSES })
  status!: PublicStatus;

  @ApiProperty({ ...MAYBE, description: 'Why it ended without success.' })
  reason!: string | null;

  @ApiProperty()
  purpose!: string;

  @ApiProperty()
  channel!: string;

  @ApiProperty({ description: 'Masked.', example: '+1 ••• ••• ••71' })
  phoneNumber!: string;

  @ApiProperty()
  country!: string;

  @ApiProperty(MAYBE)
  userId!: string | null;

  @ApiProperty({ ...MAYBE, description: 'What the application calls the user; null if unknown.' })
  userName!: string | null;

  @ApiProperty({ ...MAYBE, description: 'Who asked: an IPv4 address, or the /64 of an IPv6 one.' })
  address!: string | null;

  @ApiProperty({ ...MAYBE, description: 'The browser’s name for itself.' })
  browser!: string | null;

  @ApiProperty()
  provider!: string;

  @ApiProperty(MAYBE)
  providerRequestId!: string | null;

  @ApiProperty()
  attempts!: number;

  @ApiProperty()
  sends!: number;

  @ApiProperty(MOMENT)
  expiresAt!: string;

  @ApiProperty({ ...MAYBE, ...MOMENT })
  verifiedAt!: string | null;

  @ApiProperty({ ...MAYBE, ...MOMENT })
  endedAt!: string | null;

  @ApiProperty({ ...MAYBE, description: 'Decimal text.', example: '0.0500' })
  price!: string | null;

  @ApiProperty({ ...MAYBE, description: 'ISO 4217.' })
  currency!: string | null;

  static of(row: HistoryRow, userName: string | null = null): HistoryItemResource {
    return {
      requestId: row.id,
      createdAt: row.createdAt.toISOString(),
      status: row.status,
      reason: row.reason,
      purpose: row.purpose,
      channel: row.channel,
      phoneNumber: maskPhoneNumber(row.country, row.lastDigits),
      country: row.country,
      userId: row.userId,
      userName,
      address: row.address,
      browser: row.agent,
      provider: row.provider,
      providerRequestId: row.providerRequestId,
      attempts: row.attempts,
      sends: row.sends,
      expiresAt: row.expiresAt.toISOString(),
      verifiedAt: row.verifiedAt?.toISOString() ?? null,
      endedAt: row.endedAt?.toISOString() ?? null,
      price: row.price,
      currency: row.currency,
    };
  }
}

export class HistoryResource {
  @ApiProperty({ type: [HistoryItemResource], description: 'Newest first.' })
  items!: HistoryItemResource[];

  @ApiProperty({ ...MAYBE, description: 'Path of the older ones.' })
  next!: string | null;

  @ApiProperty({ ...MAYBE, description: 'Path of the newer ones.' })
  previous!: string | null;
}

export class TimelineEntryResource {
  @ApiProperty(MOMENT)
  at!: string;

  @ApiProperty({ description: 'An event of the request, or `decided`.', example: 'sent' })
  what!: string;

  @ApiProperty({ description: 'Who caused it.', example: 'caller' })
  by!: string;

  @ApiProperty({ ...MAYBE, description: 'The status after it.' })
  status!: string | null;

  @ApiProperty({ ...MAYBE, description: 'What the provider said, or what was decided.' })
  detail!: string | null;

  @ApiProperty(MAYBE)
  providerRequestId!: string | null;

  @ApiProperty(MAYBE)
  price!: string | null;

  @ApiProperty(MAYBE)
  currency!: string | null;
}

export class DecisionResource {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty(MOMENT)
  at!: string;

  @ApiProperty({ enum: ['start', 'resend', 'check'] })
  action!: string;

  @ApiProperty({ enum: ['refused', 'would-refuse'] })
  outcome!: string;

  @ApiProperty({ ...MAYBE, description: 'The one rule that decided.' })
  rule!: string | null;

  @ApiProperty({ ...MAYBE, format: 'uuid' })
  requestId!: string | null;

  @ApiProperty({ ...MAYBE, description: 'Masked; of a start that no request came of.' })
  phoneNumber!: string | null;

  @ApiProperty({ ...MAYBE, description: 'A pseudonym: the same user has the same one. Filter by `user`.' })
  user!: string | null;

  @ApiProperty({ ...MAYBE, description: 'A pseudonym of the network address. Filter by `address`.' })
  address!: string | null;

  @ApiProperty(MAYBE)
  purpose!: string | null;

  @ApiProperty({ type: [EvaluatedRuleResource], description: 'Every rule that was asked, in order.' })
  rules!: EvaluatedRuleResource[];
}

export class RequestResource {
  @ApiProperty({ type: HistoryItemResource })
  request!: HistoryItemResource;

  @ApiProperty({ type: [TimelineEntryResource], description: 'Oldest first.' })
  timeline!: TimelineEntryResource[];

  @ApiProperty({
    type: [DecisionResource],
    description: 'What was refused about this request, and by which rule. Oldest first.',
  })
  decisions!: DecisionResource[];
}

export class DecisionsResource {
  @ApiProperty({ type: [DecisionResource], description: 'Newest first.' })
  items!: DecisionResource[];

  @ApiProperty(MAYBE)
  next!: string | null;

  @ApiProperty(MAYBE)
  previous!: string | null;
}
