import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsNotEmpty, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
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
      'The code from the message, as text. Spaces, hyphens and other scripts’ digits are understood.',
    example: '042917',
    maxLength: 64,
  })
  @MaxLength(64, { message: 'too-long' })
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
