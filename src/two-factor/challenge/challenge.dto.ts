import { ApiProperty, ApiPropertyOptional, IntersectionType, PickType } from '../../openapi/decorators.js';
import { IsIn, IsNotEmpty, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import {
  CheckVerificationDto,
  ResendVerificationDto,
  StartVerificationDto,
} from '../../verification/index.js';

/** Where a flow continues afterwards. */
export class ReturnDto {
  @ApiPropertyOptional({ description: 'A path of this origin to continue to. Anything else is ignored.' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  returnTo?: string;
}

/** Asks for a code. */
export class ChallengeDto extends IntersectionType(
  PickType(StartVerificationDto, ['channel', 'locale']),
  ReturnDto,
) {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'One of the user’s phones. Defaults to the preferred one.',
  })
  @IsUUID('all', { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  phoneId?: string;
}

/** Names the request of a code that was sent. */
export class ResendDto extends IntersectionType(ResendVerificationDto, ReturnDto) {}

/** What follows when a factor was shown. */
export class ContinueDto extends ReturnDto {
  @ApiPropertyOptional({
    enum: ['on'],
    description: 'Do not ask for a second factor in this browser for a while.',
  })
  @IsIn(['on'], { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  trustBrowser?: 'on';
}

/** A code that was sent. */
export class ShowCodeDto extends IntersectionType(CheckVerificationDto, ContinueDto) {}

/** A code that was not sent: from an authenticator app, or a recovery code. */
export class ShowOwnCodeDto extends IntersectionType(
  PickType(CheckVerificationDto, ['otpCode']),
  ContinueDto,
) {
  @ApiProperty({
    example: 'totp',
    description: 'The factor that the code is from, or `recovery` for a recovery code.',
  })
  @MaxLength(32, { message: 'unknown' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  factor!: string;
}
