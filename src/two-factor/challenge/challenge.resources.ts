import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { VerificationResource } from '../../verification/index.js';
import { AssuranceResource } from '../session/assurance.resource.js';

/** Documents the name of the account that is signed in. */
export const MASKED_ACCOUNT = {
  type: String,
  nullable: true,
  description: 'The account that is signed in, masked. Null if the application gives it no name.',
  example: 'a•••@example.com',
} as const;

/** An {@link EnrolledFactor} as callers see it. */
export class FactorResource {
  @ApiProperty({ example: 'sms' })
  method!: string;

  @ApiProperty()
  id!: string;

  @ApiProperty()
  label!: string;

  @ApiProperty({ description: 'A masked number, or empty.', example: '+1 ••• ••• ••71' })
  hint!: string;

  @ApiProperty()
  primary!: boolean;
}

/** The factors that a user can show now. */
export class FactorsResource {
  @ApiProperty({ type: AssuranceResource })
  assurance!: AssuranceResource;

  @ApiProperty({ type: [FactorResource] })
  factors!: FactorResource[];

  @ApiProperty(MASKED_ACCOUNT)
  account!: string | null;

  @ApiProperty()
  recoveryCodesLeft!: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    description:
      'For how many days `trustBrowser` would trust this browser. Null if it would not: in a step-up, and over plain HTTP.',
  })
  trustBrowserDays!: number | null;

  @ApiProperty({ description: 'The path to continue to afterwards.' })
  returnTo!: string;

  @ApiPropertyOptional({ description: 'What is confirmed: the action of a step-up, or a form that waits.' })
  summary?: string;
}

/** A code that was sent to show a factor. */
export class ChallengeResource extends VerificationResource {
  @ApiPropertyOptional({ format: 'uuid', description: 'The phone that it was sent to.' })
  phoneId?: string;

  @ApiPropertyOptional({ description: 'What is confirmed: the action of a step-up, or a form that waits.' })
  summary?: string;
}
