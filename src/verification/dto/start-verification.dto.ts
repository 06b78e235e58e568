import { ApiPropertyOptional } from '../../openapi/decorators.js';
import {
  IsIn,
  IsISO31661Alpha2,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import type { Channel } from '../domain/phone-number.js';

// The messages are codes: the words are in the catalogue under field.<name>.<code>.
/** The body of `POST /request-otp`. */
export class StartVerificationDto {
  @ApiPropertyOptional({
    description:
      'Required without `requestId`. In any usual spelling. International with `+`, with the exit code of `country`, or with `00`; otherwise national, ' +
      'with `country` or the application’s default country. Digits in E.164 without `+` are accepted where they can be ' +
      'nothing else; otherwise the answer is 422 and asks for the country.',
    example: '+14155552671',
    maxLength: 64,
  })
  @MaxLength(64, { message: 'too-long' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  @ValidateIf(({ requestId }: StartVerificationDto) => !requestId)
  phoneNumber!: string;

  @ApiPropertyOptional({
    format: 'uuid',
    description: 'An earlier request of the same caller, instead of a number: the code goes to its number.',
  })
  @IsUUID('all', { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  requestId?: string;

  @ApiPropertyOptional({
    description:
      'ISO 3166-1 alpha-2, for a number without `+`. Defaults to the application’s default country.',
    example: 'US',
  })
  @IsISO31661Alpha2({ message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  country?: string;

  @ApiPropertyOptional({ enum: ['sms', 'voice'], default: 'sms' })
  @IsIn(['sms', 'voice'], { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  channel?: Channel;

  @ApiPropertyOptional({
    description:
      'Language of the message, as browsers name it (BCP 47). Defaults to `Accept-Language`. The nearest language that ' +
      'the provider has is used, otherwise the usual one of the number’s country; an unknown one is no error.',
    example: 'de-AT',
  })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  locale?: string;
}
