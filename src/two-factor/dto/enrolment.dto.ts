import { ApiPropertyOptional, IntersectionType, PickType } from '@nestjs/swagger';
import { IsOptional, IsUUID } from 'class-validator';
import { EmptyAsAbsent, FreeText } from '../../http/index.js';
import { CheckVerificationDto, StartVerificationDto } from '../../verification/index.js';

const LONGEST_LABEL = 40;

export class LabelDto {
  @ApiPropertyOptional({ maxLength: LONGEST_LABEL, description: 'The user’s own name for it.' })
  @FreeText({ maxLength: LONGEST_LABEL, isOptional: true })
  label?: string;
}

class NewPhoneDto extends LabelDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'The phone whose place it takes once it is proven.' })
  @IsUUID('all', { message: 'malformed' })
  @EmptyAsAbsent()
  @IsOptional()
  replaces?: string;
}

export class EnrolPhoneDto extends IntersectionType(
  PickType(StartVerificationDto, ['phoneNumber', 'country']),
  NewPhoneDto,
) {}

export class ProvePhoneDto extends IntersectionType(CheckVerificationDto, NewPhoneDto) {}

export class ConfirmAuthenticatorDto extends PickType(CheckVerificationDto, ['otpCode']) {}
