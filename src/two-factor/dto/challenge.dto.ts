import { ApiProperty, ApiPropertyOptional, IntersectionType, PickType } from '@nestjs/swagger';
import { IsIn, IsNotEmpty, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { EmptyAsAbsent } from '../../http/index.js';
import { CheckVerificationDto, ResendVerificationDto } from '../../verification/index.js';

export class ReturnDto {
  @ApiPropertyOptional({ description: 'A path of this origin to go on to; anything else is ignored.' })
  @IsString({ message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  returnTo?: string;
}

export class ChallengeDto extends IntersectionType(PickType(ResendVerificationDto, ['channel']), ReturnDto) {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'One of the user’s phones. Defaults to the preferred one.',
  })
  @IsUUID('all', { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  phoneId?: string;
}

export class ResendDto extends IntersectionType(ResendVerificationDto, ReturnDto) {}

class GoOnDto extends ReturnDto {
  @ApiPropertyOptional({ enum: ['on'], description: 'Do not ask in this browser again for a while.' })
  @IsIn(['on'], { message: 'unknown' })
  @EmptyAsAbsent()
  @IsOptional()
  trustBrowser?: 'on';
}

export class ShowCodeDto extends IntersectionType(CheckVerificationDto, GoOnDto) {}

export class ShowOwnCodeDto extends IntersectionType(PickType(CheckVerificationDto, ['otpCode']), GoOnDto) {
  @ApiProperty({
    example: 'totp',
    description: 'The factor whose code it is; `recovery` for a recovery code.',
  })
  @MaxLength(32, { message: 'unknown' })
  @IsNotEmpty({ message: 'required' })
  @IsString({ message: 'required' })
  factor!: string;
}
