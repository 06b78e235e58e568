import { ApiProperty, ApiPropertyOptional } from '../../openapi/decorators.js';
import { IsIn, IsNotEmpty, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import { LONGEST_TYPED_CODE } from '../domain/one-time-code.js';
import type { Channel } from '../domain/phone-number.js';

/** Names a request. */
export class OnVerificationDto {
  @ApiProperty({ format: 'uuid', description: 'Ours, from the answer to the start.' })
  @IsUUID('all', { message: 'malformed' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  requestId!: string;
}

/** The body of `POST /verify-otp`. */
export class CheckVerificationDto extends OnVerificationDto {
  @ApiProperty({
    description:
      'The code from the message, or the whole message, as text. Spaces, dashes and other scripts’ digits are understood.',
    example: '042917',
    maxLength: LONGEST_TYPED_CODE,
  })
  @MaxLength(LONGEST_TYPED_CODE, { message: 'too-long' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  otpCode!: string;
}

/** The body of `POST /resend-otp`. */
export class ResendVerificationDto extends OnVerificationDto {
  @ApiPropertyOptional({ enum: ['sms', 'voice'], description: 'Another channel than the last message’s.' })
  @IsIn(['sms', 'voice'], { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  channel?: Channel;
}
