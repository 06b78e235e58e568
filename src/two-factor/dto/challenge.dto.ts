import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import type { Channel } from '../../verification/index.js';

/** A text field of a form: empty means not given. */
const EmptyIsAbsent = () => Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

export class ReturnDto {
  @ApiPropertyOptional({ description: 'A path of this origin to go on to; anything else is ignored.' })
  @IsOptional()
  @EmptyIsAbsent()
  @IsString({ message: 'malformed' })
  returnTo?: string;
}

export class ChallengeDto extends ReturnDto {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'One of the user’s phones; the primary one unless told.',
  })
  @IsOptional()
  @EmptyIsAbsent()
  @IsUUID('all', { message: 'malformed' })
  phoneId?: string;

  @ApiPropertyOptional({ enum: ['sms', 'voice'] })
  @IsOptional()
  @EmptyIsAbsent()
  @IsIn(['sms', 'voice'], { message: 'unknown' })
  channel?: Channel;
}

export class ResendDto extends ReturnDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID('all', { message: 'malformed' })
  requestId!: string;

  @ApiPropertyOptional({ enum: ['sms', 'voice'] })
  @IsOptional()
  @EmptyIsAbsent()
  @IsIn(['sms', 'voice'], { message: 'unknown' })
  channel?: Channel;
}

export class ShowCodeDto extends ReturnDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID('all', { message: 'malformed' })
  requestId!: string;

  @ApiProperty({ example: '513815' })
  @MaxLength(64, { message: 'too-long' })
  @IsString({ message: 'required' })
  otpCode!: string;

  @ApiPropertyOptional({ enum: ['on'], description: 'Do not ask in this browser again for a while.' })
  @IsOptional()
  @EmptyIsAbsent()
  @IsIn(['on'], { message: 'unknown' })
  trustBrowser?: 'on';
}

export class ShowOwnCodeDto extends ReturnDto {
  @ApiProperty({
    example: 'totp',
    description: 'The factor whose code it is; `recovery` for a recovery code.',
  })
  @MaxLength(32, { message: 'unknown' })
  @IsString({ message: 'required' })
  factor!: string;

  @ApiProperty({ example: '513815' })
  @MaxLength(64, { message: 'too-long' })
  @IsString({ message: 'required' })
  otpCode!: string;

  @ApiPropertyOptional({ enum: ['on'] })
  @IsOptional()
  @EmptyIsAbsent()
  @IsIn(['on'], { message: 'unknown' })
  trustBrowser?: 'on';
}
